#include "proxy/net/lane.h"
#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* getaddrinfo and SQLite are the deepest callers; the default of 8 MiB would only be address space,
 * but locked memory would make it real. */
#define LANE_STACK (256 * 1024)
#define LANE_LAST_WAIT_S 1

struct queue {
    struct lane_work *head, **tail;
};

struct lane {
    struct ev_loop *loop;
    ev_async back;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work_came;
    struct queue waiting, finished;
    struct lane_work *running;
    size_t n, limit; /* n: waiting, running and finished */
    bool stop;
};

static void queue_init(struct queue *q)
{
    q->head = NULL;
    q->tail = &q->head;
}

static void queue_push(struct queue *q, struct lane_work *work)
{
    work->next = NULL;
    *q->tail = work;
    q->tail = &work->next;
}

static struct lane_work *queue_pop(struct queue *q)
{
    struct lane_work *work = q->head;
    if (work) {
        q->head = work->next;
        if (!q->head)
            q->tail = &q->head;
    }
    return work;
}

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    pthread_mutex_lock(&lane->lock);
    while (!lane->stop) {
        struct lane_work *work = queue_pop(&lane->waiting);
        if (!work) {
            pthread_cond_wait(&lane->work_came, &lane->lock);
            continue;
        }
        lane->running = work;
        pthread_mutex_unlock(&lane->lock);
        work->run(work);
        pthread_mutex_lock(&lane->lock);
        lane->running = NULL;
        queue_push(&lane->finished, work);
        if (!lane->stop)
            ev_async_send(lane->loop, &lane->back);
    }
    pthread_mutex_unlock(&lane->lock);
    return NULL;
}

static void finished_deliver(struct lane *lane)
{
    for (;;) {
        pthread_mutex_lock(&lane->lock);
        struct lane_work *work = queue_pop(&lane->finished);
        if (work)
            lane->n--;
        pthread_mutex_unlock(&lane->lock);
        if (!work)
            return;
        work->done(work);
    }
}

static void back_cb(struct ev_loop *loop, ev_async *w, int events)
{
    (void)loop;
    (void)events;
    finished_deliver(w->data);
}

/* Signals belong to the loop's thread. */
static int thread_start(struct lane *lane)
{
    sigset_t all, before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, LANE_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&lane->thread, &attr, lane_main, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (error == 0)
        pthread_setname_np(lane->thread, "lane");
    return error;
}

struct lane *lane_new(struct ev_loop *loop, size_t limit)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->loop = loop;
    lane->limit = limit;
    queue_init(&lane->waiting);
    queue_init(&lane->finished);
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->work_came, NULL);
    ev_async_init(&lane->back, back_cb);
    lane->back.data = lane;
    ev_async_start(loop, &lane->back);
    int error = thread_start(lane);
    if (error != 0) {
        ev_async_stop(loop, &lane->back);
        free(lane);
        errno = error;
        return NULL;
    }
    return lane;
}

int lane_add(struct lane *lane, struct lane_work *work)
{
    int error = 0;
    pthread_mutex_lock(&lane->lock);
    if (lane->stop || lane->n >= lane->limit) {
        error = ENOBUFS;
    } else {
        lane->n++;
        queue_push(&lane->waiting, work);
        pthread_cond_signal(&lane->work_came);
    }
    pthread_mutex_unlock(&lane->lock);
    return error;
}

/* Tells the thread to end and takes back what it has not begun. True: it can be waited for. */
static bool thread_stop(struct lane *lane, struct lane_work **rest)
{
    pthread_mutex_lock(&lane->lock);
    lane->stop = true;
    *rest = lane->waiting.head;
    queue_init(&lane->waiting);
    bool soon = !lane->running || lane->running->keep;
    pthread_cond_signal(&lane->work_came);
    pthread_mutex_unlock(&lane->lock);
    return soon;
}

bool lane_free(struct lane *lane)
{
    if (!lane)
        return true;
    struct lane_work *rest, *next;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    if (thread_stop(lane, &rest))
        until.tv_sec += LANE_LAST_WAIT_S;
    bool ended = pthread_timedjoin_np(lane->thread, NULL, &until) == 0;
    finished_deliver(lane);
    for (; rest; rest = next) {
        next = rest->next;
        if (rest->keep)
            rest->run(rest);
        rest->done(rest);
    }
    ev_async_stop(lane->loop, &lane->back);
    if (!ended) { /* it still uses the lane; the program is about to end */
        pthread_detach(lane->thread);
        return false;
    }
    pthread_cond_destroy(&lane->work_came);
    pthread_mutex_destroy(&lane->lock);
    free(lane);
    return true;
}

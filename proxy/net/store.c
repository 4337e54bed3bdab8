#include "proxy/net/store.h"
#include "proxy/net/folder.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SCHEMA_VERSION 1
#define MOST_RECORDS 16384
#define MOST_BYTES (16 * 1024 * 1024)
#define BUSY_MS 2000

struct record {
    struct record *next;
    size_t kind, key, value; /* lengths, one after the other in bytes */
    char bytes[];
};

struct batch {
    struct record *head, **tail;
    size_t n, bytes;
};

struct store {
    struct lane_work work; /* one batch at a time is under way */
    sqlite3 *db;
    sqlite3_stmt *keep, *forget;
    struct batch waiting, writing;
    bool busy;
    struct lane *lane;
    store_failed *failed;
    void *self;
    size_t lost;   /* of the batch under way */
    char why[200]; /* of its first failure */
};

static void batch_init(struct batch *b)
{
    *b = (struct batch){.tail = &b->head};
}

static void batch_clear(struct batch *b)
{
    struct record *next;
    for (struct record *r = b->head; r; r = next) {
        next = r->next;
        free(r);
    }
    batch_init(b);
}

/* ---------------------------------------------------------------- open */

static int number_read(void *to, int columns, char **values, char **names)
{
    (void)names;
    if (columns == 1 && values[0])
        *(int *)to = atoi(values[0]);
    return 0;
}

static int text_compare(void *to, int columns, char **values, char **names)
{
    (void)names;
    if (columns == 1 && values[0] && strcmp(values[0], "ok") != 0)
        *(bool *)to = true;
    return 0;
}

static int schema_check(sqlite3 *db, bool make, char *why, size_t room)
{
    int version = 0;
    bool bad = false;
    if (sqlite3_exec(db, "PRAGMA user_version", number_read, &version, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA quick_check(1)", text_compare, &bad, NULL) != SQLITE_OK)
        goto failed;
    if (bad) {
        (void)snprintf(why, room, "damaged");
        return EUCLEAN;
    }
    if (version > SCHEMA_VERSION) {
        (void)snprintf(why, room, "written by a newer tailtrunk (schema %d, this one knows %d)",
                       version, SCHEMA_VERSION);
        return EPROTO;
    }
    if (!make)
        return version == SCHEMA_VERSION ? 0 : ENOENT;
    /* A transaction that changes something also proves that the file can be written. */
    if (sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-256;"
                     "BEGIN IMMEDIATE;"
                     "CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, key BLOB NOT NULL,"
                     " value BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
                     "PRAGMA user_version=1;"
                     "COMMIT",
                     NULL, NULL, NULL) == SQLITE_OK)
        return 0;
failed:
    (void)snprintf(why, room, "%s", sqlite3_errmsg(db));
    int code = sqlite3_errcode(db);
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? EUCLEAN : EIO;
}

static int store_make(const char *path, int flags, struct store **out, char *why, size_t room)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ENOMEM;
    batch_init(&s->waiting);
    batch_init(&s->writing);
    bool make = flags & SQLITE_OPEN_CREATE;
    char reason[256] = "";
    int error = 0;
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        (void)snprintf(reason, sizeof reason, "%s", s->db ? sqlite3_errmsg(s->db) : "no memory");
        error = EIO;
    } else {
        sqlite3_busy_timeout(s->db, BUSY_MS);
        error = schema_check(s->db, make, reason, sizeof reason);
    }
    if (error != 0) {
        (void)snprintf(why, room, "state %s: %s", path, reason);
        store_close(s);
        return error;
    }
    *out = s;
    return 0;
}

static int path_make(const char *directory, char *path, size_t room, char *why, size_t why_room)
{
    int n = snprintf(path, room, "%s/%s", directory, STORE_FILE);
    if (n > 0 && (size_t)n < room)
        return 0;
    (void)snprintf(why, why_room, "state %s: name too long", directory);
    return ENAMETOOLONG;
}

int store_check(const char *directory, char *why, size_t room)
{
    char path[4096], reason[256];
    int error = path_make(directory, path, sizeof path, why, room);
    if (error != 0)
        return error;
    const char *what = directory;
    error = folder_check(directory, reason, sizeof reason);
    if (error == 0) {
        what = path;
        error = folder_file_check(path, reason, sizeof reason);
    }
    if (error != 0)
        (void)snprintf(why, room, "state %s: %s", what, reason);
    return error;
}

/* The log that belongs to the file must not meet the next one. */
static int bad_move(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char from[4096 + 8], to[4096 + 16];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(from, sizeof from, "%s%s", path, suffixes[i]);
        (void)snprintf(to, sizeof to, "%s" STORE_BAD "%s", path, suffixes[i]);
        if (rename(from, to) != 0 && (i == 0 || errno != ENOENT))
            return errno;
    }
    return 0;
}

int store_open(const char *directory, struct store **out, char *why, size_t room)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    char path[4096], bad[600];
    int error = store_check(directory, why, room);
    if (error != 0)
        return error;
    (void)path_make(directory, path, sizeof path, why, room); /* store_check had it, too */
    if (mkdir(directory, 0750) != 0 && errno != EEXIST) {
        error = errno;
        (void)snprintf(why, room, "state %s: %s", directory, strerror(error));
        return error;
    }
    why[0] = '\0';
    error = store_make(path, flags, out, why, room);
    if (error != EUCLEAN || bad_move(path) != 0)
        return error;
    (void)snprintf(bad, sizeof bad, "%s", why);
    error = store_make(path, flags, out, why, room);
    if (error == 0)
        (void)snprintf(why, room, "%s; moved to %s" STORE_BAD " and begun anew", bad, STORE_FILE);
    return error;
}

int store_open_readonly(const char *directory, struct store **out, char *why, size_t room)
{
    char path[4096];
    struct stat st;
    int error = path_make(directory, path, sizeof path, why, room);
    if (error != 0)
        return error;
    if (stat(path, &st) != 0) {
        error = errno;
        (void)snprintf(why, room, "state %s: %s", path, strerror(error));
        return error;
    }
    return store_make(path, SQLITE_OPEN_READONLY, out, why, room);
}

int store_read(struct store *store, store_each *each, void *to)
{
    sqlite3_stmt *s;
    int code = sqlite3_prepare_v2(store->db, "SELECT kind, key, value FROM record", -1, &s, NULL);
    if (code != SQLITE_OK)
        return EIO;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        struct span part[3];
        for (int i = 0; i < 3; i++)
            part[i] = span_of(sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i));
        each(to, part[0], part[1], part[2]);
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? 0 : EIO;
}

/* ---------------------------------------------------------------- write */

int store_put(struct store *store, struct span kind, struct span key, struct span value)
{
    struct batch *b = &store->waiting;
    size_t n = kind.n + key.n + value.n;
    if (b->n >= MOST_RECORDS || n > MOST_BYTES || b->bytes + n > MOST_BYTES)
        return ENOBUFS;
    struct record *r = malloc(sizeof *r + n);
    if (!r)
        return ENOMEM;
    *r = (struct record){.kind = kind.n, .key = key.n, .value = value.n};
    char *at = r->bytes;
    const struct span part[] = {kind, key, value};
    for (size_t i = 0; i < 3; i++) {
        if (part[i].n > 0)
            memcpy(at, part[i].p, part[i].n);
        at += part[i].n;
    }
    *b->tail = r;
    b->tail = &r->next;
    b->n++;
    b->bytes += n;
    return 0;
}

static bool statement_ready(struct store *s, sqlite3_stmt **statement, const char *text)
{
    return *statement || sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, statement,
                                            NULL) == SQLITE_OK;
}

static bool record_write(struct store *s, const struct record *r)
{
    sqlite3_stmt *q = r->value ? s->keep : s->forget;
    const char *key = r->bytes + r->kind;
    sqlite3_bind_text(q, 1, r->bytes, (int)r->kind, SQLITE_STATIC);
    sqlite3_bind_blob(q, 2, key, (int)r->key, SQLITE_STATIC);
    if (r->value)
        sqlite3_bind_blob(q, 3, key + r->key, (int)r->value, SQLITE_STATIC);
    bool ok = sqlite3_step(q) == SQLITE_DONE;
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return ok;
}

static bool batch_write(struct store *s)
{
    if (!statement_ready(s, &s->keep,
                         "INSERT INTO record VALUES (?1, ?2, ?3)"
                         " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value") ||
        !statement_ready(s, &s->forget, "DELETE FROM record WHERE kind = ?1 AND key = ?2") ||
        sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return false;
    for (const struct record *r = s->writing.head; r; r = r->next) {
        if (!record_write(s, r))
            return false;
    }
    return sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

static void store_run(struct lane_work *work)
{
    struct store *s = (struct store *)(void *)work;
    s->lost = 0;
    if (batch_write(s))
        return;
    s->lost = s->writing.n;
    (void)snprintf(s->why, sizeof s->why, "%s", sqlite3_errmsg(s->db));
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static void store_done(struct lane_work *work)
{
    struct store *s = (struct store *)(void *)work;
    batch_clear(&s->writing);
    s->busy = false;
    if (s->lost > 0)
        s->failed(s->self, s->lost, s->why);
    store_flush(s, s->lane, s->failed, s->self);
}

static void batch_take(struct store *s)
{
    s->writing = s->waiting;
    if (!s->writing.head)
        s->writing.tail = &s->writing.head;
    batch_init(&s->waiting);
}

void store_flush(struct store *s, struct lane *lane, store_failed *failed, void *self)
{
    if (s->busy || s->waiting.n == 0)
        return;
    s->lane = lane;
    s->failed = failed;
    s->self = self;
    s->work = (struct lane_work){.run = store_run, .done = store_done, .keep = true};
    batch_take(s);
    s->busy = true;
    if (lane_add(lane, &s->work) == 0)
        return;
    /* The lane is full: what is put now waits for the next flush, nothing is lost yet. */
    s->busy = false;
    s->waiting = s->writing;
    batch_init(&s->writing);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->waiting.n > 0 && s->db) {
        batch_take(s);
        store_run(&s->work);
    }
    batch_clear(&s->waiting);
    batch_clear(&s->writing);
    sqlite3_finalize(s->keep);
    sqlite3_finalize(s->forget);
    sqlite3_close(s->db);
    free(s);
}

/*
 * forward.c - a message that crosses, given to the transaction that carries it: a request to a new
 * client transaction, an answer to the server transaction that waits for it.
 */
#include "proxy/core/forward.h"
#include "proxy/core/base.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/cross.h"
#include "proxy/core/inbound.h"
#include "proxy/core/offer.h"
#include "proxy/core/server_txn.h"
#include <errno.h>
#include <stdio.h>

static void forward_failed(struct core *core, struct server_txn *st, int err)
{
    if (err == EMSGSIZE) {
        core_count(core, st->peer, COUNT_answer_513_too_big);
        server_reply(core, st, 513, NULL, "");
    } else {
        core_count(core, st->peer, COUNT_answer_400_malformed);
        server_reply(core, st, 400, "Unreadable Contact", "");
    }
}

struct client_txn *request_forward(struct core *core, struct server_txn *st, struct crossing *x,
                                   struct edits *edits, const struct addr *dest, bool offer)
{
    char via[256];
    struct span bytes;
    struct client_txn *ct = client_new(core, x->in->msg->method, x->to, x->peer, x->call);
    if (!ct) {
        core_count(core, x->peer, COUNT_answer_503_transactions);
        if (st->method == METHOD_OPTIONS) /* any answer to that would count as life */
            server_mute(core, st);
        else
            server_reply(core, st, 503, NULL, "Retry-After: 5\r\n");
        return NULL;
    }
    x->vias = via_line(core, ct, x->call, via, sizeof via);
    int err = cross_render(core, x, edits, &bytes);
    if (err) {
        client_free(core, ct);
        forward_failed(core, st, err);
        return NULL;
    }
    ct->owner = OWNER_SERVER;
    ct->server = st->pool.id;
    ct->cseq = x->in->msg->cseq;
    ct->offer = offer;
    ct->initial = !x->in->to_tag.p;
    st->client = ct->pool.id;
    st->call = ct->call;
    client_send(core, ct, dest, bytes);
    return ct;
}

static struct span stub_vias(const struct server_txn *st)
{
    return span_of(st->stub_bytes, st->stub.vias);
}

/* The Record-Route or Path of the request returns to the one who sent it. */
static struct span stub_returns(const struct server_txn *st, unsigned status)
{
    return status > 100 && status < 300 ? span_of(st->stub_bytes + st->stub.n, st->returns)
                                        : span_of(NULL, 0);
}

bool answer_forward(struct core *core, struct server_txn *st, struct crossing *x,
                    struct edits *edits)
{
    struct span bytes;
    x->vias = stub_vias(st);
    x->returns = stub_returns(st, x->in->msg->status);
    unsigned status = x->in->msg->status;
    int err = cross_render(core, x, edits, &bytes);
    if (!err) {
        server_forward(core, st, status, bytes);
    } else {
        core_log(core, LEVEL_WARNING, x->peer, x->in->call_id, "answer %u cannot be passed on: %s",
                 status, err == EMSGSIZE ? "too big" : "unreadable Contact");
        if (status >= 200)
            server_reply(core, st, 502, NULL, "");
    }
    return err == 0;
}

void sdp_refused(struct core *core, struct server_txn *st, const struct inbound *in,
                 const struct sdp_refusal *refusal)
{
    char extra[256];
    core_count(core, in->peer, refusal->counter);
    core_log(core, LEVEL_WARNING, in->peer, in->call_id, "%s answered %u: %s",
             in->msg->is_request ? sip_method_names[in->msg->method] : "answer", refusal->status,
             refusal->why);
    warning_line(extra, sizeof extra, refusal->why);
    size_t n = strlen(extra);
    if (refusal->status == 503)
        snprintf(extra + n, sizeof extra - n, "Retry-After: 10\r\n");
    server_reply(core, st, refusal->status, NULL, extra);
}

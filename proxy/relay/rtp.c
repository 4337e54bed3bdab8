#include "proxy/relay/rtp.h"

/* RFC 3550 section A.1. */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100
#define NO_JUMP (UINT16_MAX + 1u)

#define HEADER 12

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Version 2 and as long as its own header says, RFC 3550 section 5.1. */
static bool header_ok(const uint8_t *p, size_t n)
{
    if (n < HEADER || p[0] >> 6 != 2)
        return false;
    size_t need = HEADER + 4u * (p[0] & 0x0f);
    if ((p[0] & 0x10) == 0)
        return n >= need;
    return n >= need + 4 && n >= need + 4 + 4u * read16(p + need + 2);
}

/* RFC 3551 table 4 and 5; what is dynamic is taken for speech. */
static uint32_t clock_of(uint8_t payload_type)
{
    switch (payload_type) {
    case 6:
        return 16000;
    case 10:
    case 11:
        return 44100;
    case 16:
        return 11025;
    case 17:
        return 22050;
    case 14:
    case 25:
    case 26:
    case 28:
    case 31:
    case 32:
    case 33:
    case 34:
        return 90000;
    default:
        return 8000;
    }
}

static uint64_t lost_now(const struct rtp_stats *s)
{
    uint64_t expected = (uint64_t)s->cycles + s->max_seq - s->base_seq + 1;
    return expected > s->received ? expected - s->received : 0;
}

static void sequence_begin(struct rtp_stats *s, uint16_t seq)
{
    s->base_seq = seq;
    s->max_seq = seq;
    s->cycles = 0;
    s->bad_seq = NO_JUMP;
    s->received = 1;
}

/* RFC 3550 section A.1 without its probation: the sender was checked already. False for the first
 * packet after a jump, which tells nothing until a second one confirms it. */
static bool sequence_note(struct rtp_stats *s, uint16_t seq)
{
    uint16_t ahead = (uint16_t)(seq - s->max_seq);
    if (ahead >= MAX_DROPOUT && ahead <= UINT16_MAX + 1 - MAX_MISORDER) {
        if (seq != s->bad_seq) {
            s->bad_seq = (uint16_t)(seq + 1);
            return false;
        }
        s->lost_before += lost_now(s);
        sequence_begin(s, seq);
        return true;
    }
    if (ahead < MAX_DROPOUT) {
        if (seq < s->max_seq)
            s->cycles += UINT16_MAX + 1;
        s->max_seq = seq;
    }
    s->received++;
    return true;
}

/* RFC 3550 section A.8, in its own integer arithmetic. */
static void jitter_note(struct rtp_stats *s, uint32_t timestamp, uint64_t now_us)
{
    uint32_t transit = (uint32_t)(now_us * s->clock / 1000000) - timestamp;
    int32_t d = (int32_t)(transit - s->transit);
    s->transit = transit;
    s->jitter += (d < 0 ? -(uint32_t)d : (uint32_t)d) - ((s->jitter + 8) >> 4);
}

static void clock_begin(struct rtp_stats *s, uint8_t payload_type, uint32_t timestamp,
                        uint64_t now_us)
{
    s->payload_type = payload_type;
    s->clock = clock_of(payload_type);
    s->transit = (uint32_t)(now_us * s->clock / 1000000) - timestamp;
}

static void source_begin(struct rtp_stats *s, const uint8_t *p, uint64_t now_us)
{
    if (s->started) {
        s->ssrc_changes++;
        s->lost_before += lost_now(s);
    }
    s->started = true;
    s->ssrc = read32(p + 8);
    s->jitter = 0;
    sequence_begin(s, read16(p + 2));
    clock_begin(s, p[1] & 0x7f, read32(p + 4), now_us);
}

void rtp_note(struct rtp_stats *s, const uint8_t *p, size_t n, uint64_t now_us)
{
    if (!header_ok(p, n))
        return;
    if (!s->started || read32(p + 8) != s->ssrc) {
        source_begin(s, p, now_us);
        return;
    }
    if (!sequence_note(s, read16(p + 2)))
        return;
    uint8_t payload_type = p[1] & 0x7f;
    if (payload_type != s->payload_type && clock_of(payload_type) != s->clock)
        clock_begin(s, payload_type, read32(p + 4), now_us);
    else
        jitter_note(s, read32(p + 4), now_us);
}

uint64_t rtp_lost(const struct rtp_stats *s)
{
    return s->started ? s->lost_before + lost_now(s) : 0;
}

uint32_t rtp_jitter_us(const struct rtp_stats *s)
{
    return s->started ? (uint32_t)((uint64_t)s->jitter * 1000000 / s->clock >> 4) : 0;
}

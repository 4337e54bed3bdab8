/*
 * rtp.h - what RTP headers tell about one direction: loss and jitter after RFC 3550, without
 * sockets or clocks. Packets that are no RTP are ignored; nothing is read beyond `n`.
 */
#ifndef RELAY_RTP_H
#define RELAY_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: no packet yet. */
struct rtp_stats {
    bool started;
    uint8_t payload_type;
    uint16_t max_seq; /* highest sequence number seen */
    uint32_t ssrc;
    uint32_t base_seq;
    uint32_t cycles;  /* wraps of the sequence number, shifted left by 16 */
    uint32_t bad_seq; /* what would follow after a jump; above 16 bits: no jump */
    uint32_t clock;   /* Hz, from the payload type */
    uint32_t transit;
    uint32_t jitter; /* in timestamp units times 16 */
    uint32_t ssrc_changes;
    uint64_t received; /* of this SSRC since base_seq */
    uint64_t lost_before;
};

/* One packet as it arrived at now_us, a clock in microseconds that never goes back. */
void rtp_note(struct rtp_stats *stats, const uint8_t *packet, size_t n, uint64_t now_us);

/* Packets lost so far, over all SSRCs; late and repeated packets count as in RFC 3550 section A.3,
 * but below zero it never goes. */
uint64_t rtp_lost(const struct rtp_stats *stats);

/* Interarrival jitter in microseconds, RFC 3550 section A.8. */
uint32_t rtp_jitter_us(const struct rtp_stats *stats);

/* On a port that carries both, is it RTCP? RFC 5761 section 4. */
static inline bool rtp_is_rtcp(const uint8_t *packet, size_t n)
{
    return n >= 8 && packet[0] >> 6 == 2 && packet[1] >= 192 && packet[1] <= 223;
}

#endif

/*
 * names.c - the tables of names: methods, headers, errors.
 */
#include "proxy/sip/msg.h"

const char *const sip_method_names[METHOD_COUNT] = {
    [METHOD_OTHER] = "",
    [METHOD_INVITE] = "INVITE",
    [METHOD_ACK] = "ACK",
    [METHOD_BYE] = "BYE",
    [METHOD_CANCEL] = "CANCEL",
    [METHOD_OPTIONS] = "OPTIONS",
    [METHOD_REGISTER] = "REGISTER",
    [METHOD_PRACK] = "PRACK",
    [METHOD_UPDATE] = "UPDATE",
    [METHOD_INFO] = "INFO",
    [METHOD_SUBSCRIBE] = "SUBSCRIBE",
    [METHOD_NOTIFY] = "NOTIFY",
    [METHOD_REFER] = "REFER",
    [METHOD_MESSAGE] = "MESSAGE",
    [METHOD_PUBLISH] = "PUBLISH",
};

const struct sip_header_name sip_header_names[HEADER_COUNT] = {
    [HEADER_OTHER] = {"", 0},
    [HEADER_VIA] = {"Via", 'v'},
    [HEADER_FROM] = {"From", 'f'},
    [HEADER_TO] = {"To", 't'},
    [HEADER_CALL_ID] = {"Call-ID", 'i'},
    [HEADER_CSEQ] = {"CSeq", 0},
    [HEADER_CONTACT] = {"Contact", 'm'},
    [HEADER_ROUTE] = {"Route", 0},
    [HEADER_RECORD_ROUTE] = {"Record-Route", 0},
    [HEADER_PATH] = {"Path", 0},
    [HEADER_SERVICE_ROUTE] = {"Service-Route", 0},
    [HEADER_MAX_FORWARDS] = {"Max-Forwards", 0},
    [HEADER_CONTENT_LENGTH] = {"Content-Length", 'l'},
    [HEADER_CONTENT_TYPE] = {"Content-Type", 'c'},
    [HEADER_CONTENT_ENCODING] = {"Content-Encoding", 'e'},
    [HEADER_EXPIRES] = {"Expires", 0},
    [HEADER_MIN_EXPIRES] = {"Min-Expires", 0},
    [HEADER_REQUIRE] = {"Require", 0},
    [HEADER_PROXY_REQUIRE] = {"Proxy-Require", 0},
    [HEADER_SUPPORTED] = {"Supported", 'k'},
    [HEADER_ALLOW] = {"Allow", 0},
    [HEADER_RSEQ] = {"RSeq", 0},
    [HEADER_RACK] = {"RAck", 0},
    [HEADER_EVENT] = {"Event", 'o'},
    [HEADER_SUBSCRIPTION_STATE] = {"Subscription-State", 0},
    [HEADER_SESSION_EXPIRES] = {"Session-Expires", 'x'},
    [HEADER_MIN_SE] = {"Min-SE", 0},
    [HEADER_RETRY_AFTER] = {"Retry-After", 0},
    [HEADER_WARNING] = {"Warning", 0},
    [HEADER_REASON] = {"Reason", 0},
    [HEADER_REPLACES] = {"Replaces", 0},
    [HEADER_REFER_TO] = {"Refer-To", 'r'},
    [HEADER_REFER_SUB] = {"Refer-Sub", 0},
    [HEADER_REFERRED_BY] = {"Referred-By", 'b'},
    [HEADER_DIVERSION] = {"Diversion", 0},
    [HEADER_HISTORY_INFO] = {"History-Info", 0},
    [HEADER_P_ASSERTED_IDENTITY] = {"P-Asserted-Identity", 0},
    [HEADER_P_PREFERRED_IDENTITY] = {"P-Preferred-Identity", 0},
    [HEADER_REMOTE_PARTY_ID] = {"Remote-Party-ID", 0},
    [HEADER_AUTHORIZATION] = {"Authorization", 0},
    [HEADER_PROXY_AUTHORIZATION] = {"Proxy-Authorization", 0},
    [HEADER_WWW_AUTHENTICATE] = {"WWW-Authenticate", 0},
    [HEADER_PROXY_AUTHENTICATE] = {"Proxy-Authenticate", 0},
    [HEADER_USER_AGENT] = {"User-Agent", 0},
    [HEADER_SERVER] = {"Server", 0},
    [HEADER_SUBJECT] = {"Subject", 's'},
    [HEADER_ALLOW_EVENTS] = {"Allow-Events", 'u'},
    [HEADER_ACCEPT_CONTACT] = {"Accept-Contact", 'a'},
    [HEADER_REJECT_CONTACT] = {"Reject-Contact", 'j'},
    [HEADER_REQUEST_DISPOSITION] = {"Request-Disposition", 'd'},
    [HEADER_IDENTITY] = {"Identity", 'y'},
    [HEADER_IDENTITY_INFO] = {"Identity-Info", 'n'},
};

const char *const sip_error_names[SIP_ERROR_COUNT] = {
    [SIP_OK] = "ok",
    [SIP_KEEP_ALIVE] = "keep-alive",
    [SIP_NOT_SIP] = "not-sip",
    [SIP_OVERSIZE] = "oversize",
    [SIP_HAS_NUL] = "has-nul",
    [SIP_BAD_HEADER] = "bad-header",
    [SIP_TOO_MANY_HEADERS] = "too-many-headers",
    [SIP_MISSING_HEADER] = "missing-header",
    [SIP_REPEATED_HEADER] = "repeated-header",
    [SIP_BAD_VALUE] = "bad-value",
    [SIP_BAD_LENGTH] = "bad-length",
    [SIP_BAD_VERSION] = "bad-version",
};

/* The full names by length, so that a look-up compares few strings. Every row ends in HEADER_OTHER.
 */
#define LONGEST_NAME 20
#define SAME_LENGTH 7
static const uint8_t ids_by_length[LONGEST_NAME + 1][SAME_LENGTH] = {
    [2] = {HEADER_TO},
    [3] = {HEADER_VIA},
    [4] = {HEADER_FROM, HEADER_CSEQ, HEADER_RSEQ, HEADER_RACK, HEADER_PATH},
    [5] = {HEADER_ROUTE, HEADER_ALLOW, HEADER_EVENT},
    [6] = {HEADER_SERVER, HEADER_REASON, HEADER_MIN_SE},
    [7] = {HEADER_CALL_ID, HEADER_CONTACT, HEADER_EXPIRES, HEADER_REQUIRE, HEADER_WARNING,
           HEADER_SUBJECT},
    [8] = {HEADER_REFER_TO, HEADER_REPLACES, HEADER_IDENTITY},
    [9] = {HEADER_SUPPORTED, HEADER_DIVERSION, HEADER_REFER_SUB},
    [10] = {HEADER_USER_AGENT},
    [11] = {HEADER_MIN_EXPIRES, HEADER_RETRY_AFTER, HEADER_REFERRED_BY},
    [12] = {HEADER_MAX_FORWARDS, HEADER_CONTENT_TYPE, HEADER_RECORD_ROUTE, HEADER_HISTORY_INFO,
            HEADER_ALLOW_EVENTS},
    [13] = {HEADER_AUTHORIZATION, HEADER_PROXY_REQUIRE, HEADER_SERVICE_ROUTE, HEADER_IDENTITY_INFO},
    [14] = {HEADER_CONTENT_LENGTH, HEADER_ACCEPT_CONTACT, HEADER_REJECT_CONTACT},
    [15] = {HEADER_SESSION_EXPIRES, HEADER_REMOTE_PARTY_ID},
    [16] = {HEADER_CONTENT_ENCODING, HEADER_WWW_AUTHENTICATE},
    [18] = {HEADER_SUBSCRIPTION_STATE, HEADER_PROXY_AUTHENTICATE},
    [19] = {HEADER_P_ASSERTED_IDENTITY, HEADER_PROXY_AUTHORIZATION, HEADER_REQUEST_DISPOSITION},
    [20] = {HEADER_P_PREFERRED_IDENTITY},
};

static enum sip_header_id compact_header_of(char letter)
{
    for (unsigned id = HEADER_OTHER + 1; id < HEADER_COUNT; id++) {
        if (sip_header_names[id].compact == letter)
            return (enum sip_header_id)id;
    }
    return HEADER_OTHER;
}

enum sip_header_id sip_header_of(struct span name)
{
    if (name.n == 1)
        return compact_header_of(span_lower(name.p[0]));
    if (name.n > LONGEST_NAME)
        return HEADER_OTHER;
    const uint8_t *ids = ids_by_length[name.n];
    for (const uint8_t *id = ids; *id != HEADER_OTHER; id++) {
        if (memcmp(name.p, sip_header_names[*id].name, name.n) == 0)
            return (enum sip_header_id) * id; /* nearly everybody writes them as the RFCs do */
    }
    for (const uint8_t *id = ids; *id != HEADER_OTHER; id++) {
        if (span_is_nocase(name, span_of(sip_header_names[*id].name, name.n)))
            return (enum sip_header_id) * id;
    }
    return HEADER_OTHER;
}

enum sip_method sip_method_of(struct span name)
{
    for (unsigned method = METHOD_OTHER + 1; method < METHOD_COUNT; method++) {
        if (span_is(name, span_str(sip_method_names[method])))
            return (enum sip_method)method;
    }
    return METHOD_OTHER;
}

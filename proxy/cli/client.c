#include "proxy/cli/client.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 60L

struct body {
    char *p;
    size_t n, room;
};

static size_t body_cb(char *bytes, size_t one, size_t n, void *to)
{
    struct body *body = to;
    (void)one; /* always 1 */
    if (body->room - body->n < n + 1) {
        size_t room = 2 * (body->n + n + 1);
        char *more = realloc(body->p, room);
        if (!more)
            return 0;
        body->p = more;
        body->room = room;
    }
    memcpy(body->p + body->n, bytes, n);
    body->n += n;
    body->p[body->n] = '\0';
    return n;
}

static CURLcode request_run(CURL *curl, const char *socket, const char *method, const char *path,
                            struct body *body)
{
    char url[256];
    (void)snprintf(url, sizeof url, "http://localhost%s", path);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, PATIENCE_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_cb);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    return curl_easy_perform(curl);
}

/* What the system said is clearer than what the library makes of it. */
static void failure_tell(CURL *curl, CURLcode code, const char *socket)
{
    long error = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    fprintf(stderr, "tailtrunkctl: no tailtrunk answers on %s: %s\n", socket,
            error != 0 ? strerror((int)error) : curl_easy_strerror(code));
}

int client_ask(const char *socket, const char *method, const char *path, struct answer *out)
{
    struct body body = {0};
    CURL *curl = curl_easy_init();
    if (!curl) {
        fprintf(stderr, "tailtrunkctl: out of memory\n");
        return 1;
    }
    CURLcode code = request_run(curl, socket, method, path, &body);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    else
        failure_tell(curl, code, socket);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        free(body.p);
        return 1;
    }
    out->body = body.p ? body.p : strdup("");
    return out->body ? 0 : 1;
}

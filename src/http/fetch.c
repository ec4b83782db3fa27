/* fetch.c - see fetch.h. */
#include "base/house.h"

#include "http/fetch.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "http/internet.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 8, HOST_MAX = 253, STALL_SECONDS = 60, PORT_PRIVILEGED = 1023 };

static str trusted; /* process lifetime, set before the sandbox closes */
static bool everywhere;

struct target {
        str host; /* without brackets */
        bool literal;
        str port;
        bool plain; /* http */
        const struct fetch_border *border;
        const char *item;
};

struct transfer {
        CURL *curl;
        struct buf body;
        size_t headers;
        int from, to; /* files; -1: none */
        int error;    /* of writing to the latter */
        const struct fetch_question *question;
        const struct target *target;
        bool outside; /* an address was refused when it was to be connected to */
};

void fetch_start(str authorities, bool private_too)
{
        trusted = authorities;
        everywhere = private_too;
        if (str_absent(authorities))
                return;
        (void)setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
        must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void url_drop(void *p)
{
        curl_url_cleanup(p);
}

static str url_part(struct cx *cx, CURLU *url, CURLUPart part, unsigned flags)
{
        char *text = NULL;
        str s = STR_NONE;

        if (curl_url_get(url, part, &text, flags) == CURLUE_OK && text != NULL)
                s = str_copy(cx->mem, str_of(text));
        curl_free(text);
        return s;
}

static bool host_plain(str host)
{
        for (size_t i = 0; i < host.n; i++)
                if (!((host.p[i] >= 'a' && host.p[i] <= 'z') || (host.p[i] >= 'A' && host.p[i] <= 'Z') || (host.p[i] >= '0' && host.p[i] <= '9') ||
                      strchr(".-:", host.p[i]) != NULL))
                        return false;
        return host.n > 0 && host.n <= HOST_MAX;
}

static bool port_open(const struct target *t)
{
        int64_t port;

        return t->border == NULL || (str_int(t->port, &port) && (port == 443 || (port == 80 && t->plain) || port > PORT_PRIVILEGED));
}

static rc target_read(struct cx *cx, str text, const char *item, const struct fetch_border *border, struct target *ret)
{
        CURLU *url = curl_url();
        bool clean = text.n > 0 && text.n <= FETCH_URL_MAX, plain = border ? border->plain : everywhere;
        str scheme, host;

        must(url != NULL);
        arena_defer(cx->mem, url_drop, url);
        for (size_t i = 0; i < text.n && clean; i++)
                clean = text.p[i] > 0x20 && text.p[i] < 0x7f && text.p[i] != '\\';
        if (!clean || curl_url_set(url, CURLUPART_URL, str_z(cx->mem, text), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
                return fail(cx, RC_INVALID, item, "is not an address; it must look like https://accounts.example.com");
        scheme = url_part(cx, url, CURLUPART_SCHEME, 0);
        host = url_part(cx, url, CURLUPART_HOST, 0);
        ret->literal = host.n > 2 && host.p[0] == '[';
        ret->host = ret->literal ? (str){ host.p + 1, host.n - 2 } : host;
        ret->port = url_part(cx, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        ret->plain = str_is(scheme, "http");
        ret->border = border;
        ret->item = item;
        if ((!ret->plain && !str_is(scheme, "https")) || (ret->plain && !plain))
                return fail(cx, RC_INVALID, item, "must begin with https://");
        if (!port_open(ret))
                return fail(cx, RC_INVALID, item, "must have the port 443 or one above 1023");
        if (!host_plain(ret->host) || (border != NULL && ret->host.p[ret->host.n - 1] == '.') || !str_absent(url_part(cx, url, CURLUPART_USER, 0)) ||
            !str_absent(url_part(cx, url, CURLUPART_PASSWORD, 0)) || !str_absent(url_part(cx, url, CURLUPART_FRAGMENT, 0)))
                return fail(cx, RC_INVALID, item, "is not an address; it must look like https://accounts.example.com");
        return RC_OK;
}

rc fetch_check(struct cx *cx, str url, const char *item)
{
        struct target target;

        return target_read(cx, url, item, NULL, &target);
}

static void addresses_drop(void *p)
{
        freeaddrinfo(p);
}

static bool address_inside(const struct target *t, const struct sockaddr *address)
{
        if (t->border != NULL)
                return internet_public(address) || internet_within(address, t->border->ranges, t->border->count);
        return (internet_public(address) || everywhere) && (!t->plain || internet_loopback(address));
}

static rc address_judge(struct cx *cx, const struct target *t, const struct sockaddr *address)
{
        if (address_inside(t, address))
                return RC_OK;
        if (t->border != NULL)
                return fail(cx, RC_INVALID, t->item, "%.*s is not on the Internet; nothing is sent into private networks", STR_ARG(t->host));
        if (!internet_public(address) && !everywhere)
                return fail(cx, RC_INVALID, NULL, "%.*s is not on the Internet; sign-on providers in private networks are not asked here",
                            STR_ARG(t->host));
        return fail(cx, RC_INVALID, NULL, "%.*s must be asked by https://", STR_ARG(t->host));
}

/* "host:port:address,address": what libcurl is told instead of looking the name up itself. */
static rc addresses_find(struct cx *cx, struct target *t, str *ret)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
        struct buf b = buf_open(cx->mem, KB(2));
        int count = 0;

        if (getaddrinfo(str_z(cx->mem, t->host), str_z(cx->mem, t->port), &hints, &list) != 0 || list == NULL)
                return fail(cx, t->item ? RC_INVALID : RC_UNAVAILABLE, t->item, "no address can be found for %.*s", STR_ARG(t->host));
        arena_defer(cx->mem, addresses_drop, list);
        buf_format(&b, "%.*s:%.*s:", STR_ARG(t->host), STR_ARG(t->port));
        for (const struct addrinfo *a = list; a != NULL && count < ADDRESSES_MAX; a = a->ai_next, count++) {
                char text[INET6_ADDRSTRLEN + 40];
                bool six = a->ai_family == AF_INET6;

                TRY(address_judge(cx, t, a->ai_addr));
                if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
                        continue;
                buf_format(&b, six ? "%s[%s]" : "%s%s", count ? "," : "", text);
        }
        must(!buf_full(&b));
        *ret = buf_str(&b);
        return RC_OK;
}

rc fetch_judge(struct cx *cx, str url, const char *item, const struct fetch_border *border)
{
        struct target target;
        str addresses;

        TRY(target_read(cx, url, item, border, &target));
        return addresses_find(cx, &target, &addresses);
}

/* The last word: what is really connected to, whatever name or spelling led there. */
static curl_socket_t on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
        struct transfer *t = data;

        if (address_inside(t->target, &address->addr))
                return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        t->outside = true;
        return CURL_SOCKET_BAD;
}

static size_t on_body(char *p, size_t size, size_t count, void *data)
{
        struct transfer *t = data;
        long status = 0;

        if (t->to >= 0 && curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status / 100 == 2) {
                for (size_t put = 0; put < size * count;) {
                        ssize_t k = write(t->to, p + put, size * count - put);

                        if (k < 0 && errno != EINTR) {
                                t->error = errno;
                                return 0;
                        }
                        put += k > 0 ? (size_t)k : 0;
                }
                return size * count;
        }
        if (t->question->cut && size * count > t->question->size_max - t->body.n) {
                buf_add(&t->body, (str){ p, t->question->size_max - t->body.n });
                return 0;
        }
        buf_add(&t->body, (str){ p, size * count });
        return buf_full(&t->body) ? 0 : size * count;
}

static size_t on_upload(char *p, size_t size, size_t count, void *data)
{
        const struct transfer *t = data;
        ssize_t n = read(t->from, p, size * count);

        return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

static size_t on_header(char *p, size_t size, size_t count, void *data)
{
        struct transfer *t = data;

        t->headers += size * count;
        return t->headers > FETCH_HEADER_MAX ? 0 : size * count;
}

static rc refused(struct cx *cx, CURLcode code, const struct target *t)
{
        switch (code) {
        case CURLE_WRITE_ERROR:
        case CURLE_FILESIZE_EXCEEDED: return fail(cx, RC_UNAVAILABLE, NULL, "the answer of %.*s is too large", STR_ARG(t->host));
        case CURLE_OPERATION_TIMEDOUT: return fail(cx, RC_UNAVAILABLE, NULL, "%.*s took too long to answer", STR_ARG(t->host));
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR: return fail(cx, RC_UNAVAILABLE, NULL, "the certificate of %.*s is not trusted here", STR_ARG(t->host));
        default: return fail(cx, RC_UNAVAILABLE, NULL, "%.*s does not answer", STR_ARG(t->host));
        }
}

static void handle_drop(void *p)
{
        curl_easy_cleanup(p);
}

static void list_drop(void *p)
{
        curl_slist_free_all(p);
}

#define SET(option, value) must(curl_easy_setopt(curl, (option), (value)) == CURLE_OK)

static void options_set(struct cx *cx, CURL *curl, const struct fetch_question *q, struct transfer *t)
{
        struct curl_blob authorities = { .data = (void *)(uintptr_t)trusted.p, .len = trusted.n, .flags = CURL_BLOB_NOCOPY };

        SET(CURLOPT_URL, str_z(cx->mem, q->url));
        SET(CURLOPT_PROTOCOLS_STR, (q->border ? q->border->plain : everywhere) ? "https,http" : "https");
        SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
        SET(CURLOPT_OPENSOCKETDATA, t);
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
        if (q->patient) {
                SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
                SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
        } else {
                SET(CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
        }
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_CAINFO, NULL);
        SET(CURLOPT_CAPATH, NULL);
        if (trusted.n > 0)
                SET(CURLOPT_CAINFO_BLOB, &authorities);
        SET(CURLOPT_USERAGENT, "Daicho");
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, t);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, t);
        if (!str_absent(q->form)) {
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->form.n);
                SET(CURLOPT_COPYPOSTFIELDS, q->form.p);
        } else if (!str_absent(q->json)) {
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->json.n);
                SET(CURLOPT_COPYPOSTFIELDS, q->json.p);
        }
        if (!str_absent(q->user)) {
                SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
                SET(CURLOPT_USERNAME, str_z(cx->mem, q->user));
                SET(CURLOPT_PASSWORD, str_z(cx->mem, q->password));
        } else if (!str_absent(q->bearer)) {
                SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
                SET(CURLOPT_XOAUTH2_BEARER, str_z(cx->mem, q->bearer));
        }
}

static void file_drop(void *p)
{
        (void)close(*(const int *)p);
}

static rc upload_open(struct cx *cx, CURL *curl, const char *path, struct transfer *t)
{
        int *fd = NEW(cx->mem, int);
        struct stat st;

        *fd = open(path, O_RDONLY | O_CLOEXEC);
        if (*fd < 0)
                return file_failed(cx, path, errno);
        arena_defer(cx->mem, file_drop, fd);
        if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
                return fail(cx, RC_INVALID, NULL, "%s is not a file", path);
        t->from = *fd;
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)st.st_size);
        SET(CURLOPT_READFUNCTION, on_upload);
        SET(CURLOPT_READDATA, t);
        return RC_OK;
}

static void header_add(struct curl_slist **list, const char *line)
{
        *list = curl_slist_append(*list, line);
        must(*list != NULL);
}

static struct curl_slist *headers_make(struct cx *cx, const struct fetch_question *q)
{
        struct curl_slist *list = NULL;

        header_add(&list, q->border ? "Accept: */*" : "Accept: application/json");
        for (size_t i = 0; i < q->header_count; i++)
                header_add(&list, str_z(cx->mem, q->headers[i]));
        if (!str_absent(q->lang))
                header_add(&list, str_format(cx->mem, "Accept-Language: %.*s", STR_ARG(q->lang)).p);
        if (!str_absent(q->json))
                header_add(&list, "Content-Type: application/json");
        if (q->upload != NULL)
                header_add(&list, "Content-Type: text/csv");
        if (q->upload != NULL || q->border != NULL)
                header_add(&list, "Expect:"); /* it is taken without being asked */
        return list;
}

rc fetch_ask(struct cx *cx, const struct fetch_question *question, struct fetch_answer *ret)
{
        struct transfer transfer = {
                .body = buf_open(cx->mem, question->size_max), .from = -1, .to = question->save_fd ? *question->save_fd : -1, .question = question
        };
        struct curl_slist *pinned, *headers;
        struct target target;
        CURL *curl;
        CURLcode code;
        long status = 0;
        str addresses = STR_NONE;

        TRY(target_read(cx, question->url, NULL, question->border, &target));
        transfer.target = &target;
        TRY(addresses_find(cx, &target, &addresses));
        pinned = curl_slist_append(NULL, addresses.p);
        headers = headers_make(cx, question);
        transfer.curl = curl = curl_easy_init();
        must(pinned != NULL && curl != NULL);
        arena_defer(cx->mem, list_drop, pinned);
        arena_defer(cx->mem, list_drop, headers);
        arena_defer(cx->mem, handle_drop, curl);
        options_set(cx, curl, question, &transfer);
        if (question->upload != NULL)
                TRY(upload_open(cx, curl, question->upload, &transfer));
        if (!target.literal)
                SET(CURLOPT_RESOLVE, pinned);
        SET(CURLOPT_HTTPHEADER, headers);
        code = curl_easy_perform(curl);
        if (transfer.error != 0)
                return file_failed(cx, "the file", transfer.error);
        if (transfer.outside)
                return fail(cx, RC_INVALID, NULL, "%.*s is not on the Internet; nothing is sent into private networks", STR_ARG(target.host));
        if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && question->cut && transfer.body.n == question->size_max))
                return refused(cx, code, &target);
        must(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
        *ret = (struct fetch_answer){ .status = (int)status, .body = buf_str(&transfer.body) };
        return RC_OK;
}

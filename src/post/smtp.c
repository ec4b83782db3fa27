/* smtp.c - see smtp.h. */
#include "base/house.h"

#include "post/smtp.h"

#include "base/buf.h"
#include "base/fail.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>

enum { TIMEOUT_S = 30, SAID_MAX = 300 };

struct reading {
        str left;
};

static size_t give(char *to, size_t size, size_t count, void *of)
{
        struct reading *r = of;
        size_t n = size * count < r->left.n ? size * count : r->left.n;

        memcpy(to, r->left.p, n);
        r->left = (str){ r->left.p + n, r->left.n - n };
        return n;
}

/* The server's lines; the last one stays. */
static size_t hear(char *from, size_t size, size_t count, void *of)
{
        struct buf *said = of;

        said->n = 0;
        for (size_t i = 0; i < size * count && i < SAID_MAX; i++)
                if ((unsigned char)from[i] >= 0x20 && (unsigned char)from[i] < 0x7f)
                        buf_char(said, from[i]);
        return size * count;
}

/* Resolved here: libcurl would start a thread for it, and this process may start none. */
static rc resolve(struct cx *cx, const struct smtp *server, struct curl_slist **ret)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found = NULL;
        char host[INET6_ADDRSTRLEN];
        const void *address;

        if (getaddrinfo(str_z(cx->mem, server->host), str_z(cx->mem, str_format(cx->mem, "%lld", (long long)server->port)), &hints, &found) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the mail server %.*s is not known", STR_ARG(server->host));
        address = found->ai_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr
                                               : (const void *)&((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr;
        (void)inet_ntop(found->ai_family, address, host, sizeof(host));
        *ret = curl_slist_append(NULL, str_format(cx->mem, "%.*s:%lld:%s", STR_ARG(server->host), (long long)server->port, host).p);
        freeaddrinfo(found);
        return RC_OK;
}

static void set(struct cx *cx, CURL *curl, const struct smtp *server, str from)
{
        struct curl_blob ca = { .data = (void *)(uintptr_t)server->ca.p, .len = server->ca.n, .flags = CURL_BLOB_COPY };

        curl_easy_setopt(
            curl, CURLOPT_URL,
            str_format(cx->mem, "%s://%.*s:%lld", server->tls == SMTP_TLS ? "smtps" : "smtp", STR_ARG(server->host), (long long)server->port).p);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(curl, CURLOPT_USE_SSL, server->tls == SMTP_PLAIN ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (!str_absent(server->ca))
                curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
        if (!str_absent(server->user)) {
                curl_easy_setopt(curl, CURLOPT_USERNAME, str_z(cx->mem, server->user));
                curl_easy_setopt(curl, CURLOPT_PASSWORD, str_z(cx->mem, server->password));
        }
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, str_format(cx->mem, "<%.*s>", STR_ARG(from)).p);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)TIMEOUT_S / 3);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
}

/* libcurl's errors that a better moment may mend. Everything about the certificate counts: the other side may be mending it. */
static rc verdict(struct cx *cx, CURLcode code, long answer, struct buf *said)
{
        if (code == CURLE_OK)
                return RC_OK;
        if (answer >= 500 && answer < 600)
                return fail(cx, RC_INVALID, NULL, "the mail server refuses: %.*s", STR_ARG(buf_str(said)));
        return fail(cx, RC_UNAVAILABLE, NULL, "the mail server does not take it now: %.*s", STR_ARG(buf_str(said)));
}

rc smtp_send(struct cx *cx, const struct smtp *server, str from, str to, str message, str *ret_said)
{
        struct buf said = buf_open(cx->mem, SAID_MAX + 200);
        struct reading reading = { message };
        struct curl_slist *where, *recipients;
        CURL *curl;
        CURLcode code;
        long answer = 0;

        TRY(resolve(cx, server, &where));
        curl = curl_easy_init();
        must(curl != NULL);
        recipients = curl_slist_append(NULL, str_format(cx->mem, "<%.*s>", STR_ARG(to)).p);
        set(cx, curl, server, from);
        curl_easy_setopt(curl, CURLOPT_RESOLVE, where);
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
        curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &said);
        code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
        curl_slist_free_all(recipients);
        curl_slist_free_all(where);
        curl_easy_cleanup(curl);
        if (code != CURLE_OK && buf_str(&said).n == 0)
                buf_add(&said, str_of(curl_easy_strerror(code)));
        *ret_said = buf_str(&said);
        return verdict(cx, code, answer, &said);
}

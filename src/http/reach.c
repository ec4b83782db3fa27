/* reach.c - see reach.h. The one file that knows libssl. */
#include "base/house.h"

#include "http/reach.h"

#include "base/fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void fd_close(void *fd)
{
        (void)close(*(const int *)fd);
}

static void context_free(void *context)
{
        SSL_CTX_free(context);
}

static void connection_free(void *connection)
{
        SSL_free(connection);
}

static rc address_read(struct cx *cx, const struct reach_wish *wish, struct sockaddr_storage *ret, socklen_t *ret_size)
{
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wish->port) };
        struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)wish->port) };

        memset(ret, 0, sizeof(*ret));
        if (inet_pton(AF_INET, wish->address, &four.sin_addr) == 1) {
                memcpy(ret, &four, sizeof(four));
                *ret_size = sizeof(four);
                return RC_OK;
        }
        if (inet_pton(AF_INET6, wish->address, &six.sin6_addr) == 1) {
                memcpy(ret, &six, sizeof(six));
                *ret_size = sizeof(six);
                return RC_OK;
        }
        return fail(cx, RC_INVALID, NULL, "\"%s\" is not an address", wish->address);
}

static const char *word_of(int error)
{
        return error == 0 ? "connected" : error == ECONNREFUSED ? "refused" : error == ETIMEDOUT || error == EAGAIN ? "silent" : "unreachable";
}

/* errno of the attempt, 0: connected. */
static int connect_wait(int fd, const struct sockaddr_storage *to, socklen_t size)
{
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        int error = 0, n;
        socklen_t error_size = sizeof(error);

        if (connect(fd, (const struct sockaddr *)to, size) == 0)
                return 0;
        if (errno != EINPROGRESS)
                return errno;
        do
                n = poll(&p, 1, REACH_TIMEOUT_MS);
        while (n < 0 && errno == EINTR);
        if (n == 0)
                return ETIMEDOUT;
        must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) == 0);
        return error;
}

static rc context_make(struct cx *cx, const struct reach_wish *wish, SSL_CTX **ret)
{
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());

        must(context != NULL);
        arena_defer(cx->mem, context_free, context);
        must(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        if ((wish->authorities ? SSL_CTX_load_verify_locations(context, wish->authorities, NULL) : SSL_CTX_set_default_verify_paths(context)) != 1)
                return fail(cx, RC_UNAVAILABLE, NULL, "the certificates of trusted authorities cannot be read");
        *ret = context;
        return RC_OK;
}

static rc handshake(struct cx *cx, const struct reach_wish *wish, int fd, struct reach *ret)
{
        struct timeval limit = { .tv_sec = REACH_TIMEOUT_MS / 1000 };
        SSL_CTX *context;
        SSL *connection;

        TRY(context_make(cx, wish, &context));
        must(fcntl(fd, F_SETFL, 0) == 0);
        must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
             setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
        connection = SSL_new(context);
        must(connection != NULL);
        arena_defer(cx->mem, connection_free, connection);
        must(SSL_set_fd(connection, fd) == 1);
        if (wish->name)
                must(SSL_set1_host(connection, wish->name) == 1 && SSL_set_tlsext_host_name(connection, wish->name) == 1);
        else
                must(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), wish->address) == 1);
        ERR_clear_error();
        errno = 0;
        if (SSL_connect(connection) == 1) {
                ret->tls = str_copy(cx->mem, str_of(SSL_get_version(connection)));
                (void)SSL_shutdown(connection);
        } else {
                bool late = errno == EAGAIN || errno == EWOULDBLOCK;

                ret->word = SSL_get_verify_result(connection) != X509_V_OK ? "untrusted" : late ? "silent" : "not_tls";
        }
        ERR_clear_error();
        return RC_OK;
}

rc reach_try(struct cx *cx, const struct reach_wish *wish, struct reach *ret)
{
        struct reach found = { .tls = STR_NONE };
        struct sockaddr_storage to;
        socklen_t size;
        int *fd = NEW(cx->mem, int);

        TRY(address_read(cx, wish, &to, &size));
        *fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (*fd < 0 && errno == EAFNOSUPPORT) {
                ret->word = "unreachable";
                ret->tls = STR_NONE;
                return RC_OK;
        }
        if (*fd < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "no connection can be tried: %s", strerror(errno));
        arena_defer(cx->mem, fd_close, fd);
        found.word = word_of(connect_wait(*fd, &to, size));
        if (wish->tls && strcmp(found.word, "connected") == 0)
                TRY(handshake(cx, wish, *fd, &found));
        *ret = found;
        return RC_OK;
}

/* edge.c - see edge.h. */
#include "base/house.h"

#include "cli/edge.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "cli/spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONF_MAX = 256 << 10, BACKLOG = 512, ASK_SECONDS = 5 };

static const char *const methods[HTTP_METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

static rc address_of(struct cx *cx, const struct config *config, struct sockaddr_storage *ret, socklen_t *ret_n)
{
        struct sockaddr_in *four = (struct sockaddr_in *)ret;
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
        const char *z = str_z(cx->mem, config->address);

        memset(ret, 0, sizeof(*ret));
        if (inet_pton(AF_INET, z, &four->sin_addr) == 1) {
                four->sin_family = AF_INET;
                four->sin_port = htons((uint16_t)config->port);
                *ret_n = sizeof(*four);
                return RC_OK;
        }
        if (inet_pton(AF_INET6, z, &six->sin6_addr) == 1) {
                six->sin6_family = AF_INET6;
                six->sin6_port = htons((uint16_t)config->port);
                *ret_n = sizeof(*six);
                return RC_OK;
        }
        return fail(cx, RC_INVALID, "address", "must be an IP address, not \"%s\"", z);
}

static rc bind_refused(struct cx *cx, const struct config *config)
{
        int error = errno;

        if (error == EADDRINUSE)
                return fail(cx, RC_CONFLICT, NULL, "port %lld of %.*s is in use by another program; choose another with --port",
                            (long long)config->port, STR_ARG(config->address));
        if (error == EACCES)
                return fail(cx, RC_FORBIDDEN, NULL, "port %lld may only be opened by root; choose one above 1023 with --port",
                            (long long)config->port);
        if (error == EADDRNOTAVAIL)
                return fail(cx, RC_INVALID, "address", "this machine has no address %.*s", STR_ARG(config->address));
        return fail(cx, RC_UNAVAILABLE, NULL, "port %lld cannot be opened: %s", (long long)config->port, strerror(error));
}

rc edge_listen(struct cx *cx, const struct config *config, int *ret_fd, int64_t *ret_port)
{
        struct sockaddr_storage at;
        socklen_t n;
        int fd, one = 1;

        TRY(address_of(cx, config, &at, &n));
        /* nginx does not ask again whether a socket it was given waits: of two workers woken by one connection, the slower would sleep in accept() */
        fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return bind_refused(cx, config);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (at.ss_family == AF_INET6)
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
        if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
                int error = errno;

                (void)close(fd);
                errno = error;
                return bind_refused(cx, config);
        }
        *ret_fd = fd;
        *ret_port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
        return RC_OK;
}

char *edge_socket(struct cx *cx, str dir, const char *kind, int64_t number)
{
        return place_path(cx, dir, "run/%s.%lld.sock", kind, (long long)number);
}

/* "/accounts/{id}/password" as a regular expression. */
static void path_pattern(struct buf *out, const char *path)
{
        bool inside = false;

        for (; *path != '\0'; path++) {
                if (*path == '{') {
                        buf_text(out, "[^/]+");
                        inside = true;
                } else if (*path == '}') {
                        inside = false;
                } else if (!inside) {
                        if (strchr(".+*?()[]^$|\\", *path) != NULL)
                                buf_char(out, '\\');
                        buf_char(out, *path);
                }
        }
}

static void pool_routes(struct buf *out, const struct route *const *tables)
{
        for (; *tables != NULL; tables++) {
                for (const struct route *route = *tables; route->path != NULL; route++) {
                        /* the console's forms name PUT, PATCH and DELETE in a POST */
                        bool form = route->method != HTTP_GET && route->method != HTTP_POST;

                        if (route_pool(route->rate) == POOL_WEB)
                                continue;
                        buf_format(out, "                \"~^%s%s%s:(?:/api/v1)?", form ? "(?:POST|" : "", methods[route->method], form ? ")" : "");
                        path_pattern(out, route->path);
                        buf_format(out, "$\" %s;\n", route_pool(route->rate) == POOL_AUTH ? "auth" : "sso");
                }
        }
}

/* queue: so many requests may wait for these processes; 0: all that come. A request waits here when all of it has arrived, not before: whoever sends
 * slowly takes nobody's place. */
static void upstream(struct cx *cx, struct buf *out, str dir, const char *kind, int64_t count, int64_t queue)
{
        buf_format(out, "        upstream %s {\n                zone %s 128k;\n                least_conn;\n", kind, kind);
        for (int64_t i = 1; i <= count; i++)
                buf_format(out, "                server unix:%s max_fails=0 max_conns=%lld;\n", edge_socket(cx, dir, kind, i),
                           (long long)((queue + count - 1) / count));
        buf_format(out, "                keepalive %lld;\n                keepalive_requests 100000;\n        }\n", (long long)count * 8);
}

/* The logs as files: checkpoints, keys and hashes for everybody; what entries say goes by a worker, which asks who wants it. */
static void logs_part(struct buf *out, const char *dir)
{
        buf_format(out,
                   "                location ~ \"^/seal/[0-9a-z-]+/[0-9]+/(checkpoint|keys)$\" {\n"
                   "                        root %s;\n"
                   "                        types { }\n"
                   "                        default_type \"text/plain; charset=utf-8\";\n"
                   "                        add_header Cache-Control \"public, max-age=5\";\n"
                   "                        add_header X-Content-Type-Options nosniff always;\n"
                   "                        add_header Access-Control-Allow-Origin *;\n"
                   "                }\n"
                   "                location ~ \"^/seal/[0-9a-z-]+/[0-9]+/tile/[0-7]/(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$\" {\n"
                   "                        root %s;\n"
                   "                        types { }\n"
                   "                        default_type application/octet-stream;\n"
                   "                        add_header Cache-Control \"public, max-age=31536000, immutable\";\n"
                   "                        add_header X-Content-Type-Options nosniff always;\n"
                   "                        add_header Access-Control-Allow-Origin *;\n"
                   "                }\n"
                   "                location ~ \"^/seal/[0-9a-z-]+/[0-9]+/tile/entries/\" {\n"
                   "                        rewrite ^/seal/(.*)$ /api/v1/log/bundle?name=$1 last;\n"
                   "                }\n"
                   "                location /seal/ {\n"
                   "                        return 404;\n"
                   "                }\n"
                   "                location /-/seal/ {\n"
                   "                        internal;\n"
                   "                        alias %s/seal/;\n"
                   "                }\n",
                   dir, dir, dir);
}

/* Others ask this house to cosign their logs: small bodies, without cookies, a few a minute. */
static void witness_location(struct buf *out, const struct config *config)
{
        if (!str_empty(config->witness_name))
                buf_text(out, "                location = /witness/add-checkpoint {\n"
                              "                        limit_req zone=witness_rate burst=60 nodelay;\n"
                              "                        client_max_body_size 64k;\n"
                              "                        proxy_set_header Cookie '';\n"
                              "                        proxy_pass http://witness;\n"
                              "                }\n");
}

static void server_common(struct buf *out, const struct place *place)
{
        witness_location(out, &place->config);
        buf_format(out,
                   "                location /static/ {\n"
                   "                        alias %.*s/;\n"
                   "                        gzip_static on;\n"
                   "                        gzip on;\n"
                   "                        gzip_vary on;\n"
                   "                        gzip_types text/css text/javascript application/javascript application/json image/svg+xml;\n"
                   "                        add_header Cache-Control $keep always;\n"
                   "                        add_header X-Content-Type-Options nosniff always;\n"
                   "                        open_file_cache max=200 inactive=60s;\n"
                   "                        access_log off;\n"
                   "                }\n"
                   "                location /-/files/ {\n"
                   "                        internal;\n"
                   "                        alias %.*s/files/;\n"
                   "                        add_header Content-Security-Policy \"default-src 'none'; sandbox\" always;\n"
                   "                        add_header X-Content-Type-Options nosniff always;\n"
                   "                        add_header Cross-Origin-Resource-Policy same-origin always;\n"
                   "                }\n"
                   "                location / {\n"
                   "                        limit_req zone=login burst=10 nodelay;\n"
                   "                        proxy_pass http://$pool;\n"
                   "                }\n"
                   "                location @busy {\n"
                   "                        internal;\n"
                   "                        default_type $away_type;\n"
                   "                        add_header Retry-After 1 always;\n"
                   "                        return 429 $busy_text;\n"
                   "                }\n"
                   "                location @large {\n"
                   "                        internal;\n"
                   "                        default_type $away_type;\n"
                   "                        return 413 $large_text;\n"
                   "                }\n"
                   "                location @away {\n"
                   "                        internal;\n"
                   "                        default_type $away_type;\n"
                   "                        add_header Retry-After 2 always;\n"
                   "                        if ($full) {\n"
                   "                                return 429 $busy_text;\n"
                   "                        }\n"
                   "                        return 503 $away_text;\n"
                   "                }\n"
                   "                error_page 413 = @large;\n"
                   "                error_page 429 = @busy;\n"
                   "                error_page 502 504 = @away;\n",
                   STR_ARG(place->statics), STR_ARG(place->dir));
        logs_part(out, str_z(out->mem, place->dir));
}

/* What nginx itself says, in both languages: a worker that could choose the reader's is not there then. */
static void words(struct buf *out, const char *variable, int status, const char *title, const char *japanese)
{
        buf_format(out,
                   "        map $api $%s_text {\n"
                   "                1 '{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}';\n"
                   "                default '<!doctype html><html lang=ja><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
                   "<title>%s</title><h1>%s</h1><p lang=en>%s</p></html>';\n"
                   "        }\n",
                   variable, title, status, japanese, japanese, japanese, title);
}

static const char *quoted(struct cx *cx, str s)
{
        return str_z(cx->mem, s);
}

static void http_part(struct cx *cx, struct buf *out, const struct place *place, const struct route *const *routes)
{
        const struct config *config = &place->config;
        bool own = !str_empty(config->certificate);
        const char *dir = quoted(cx, place->dir);
        bool six = memchr(config->address.p, ':', config->address.n) != NULL;

        buf_format(out,
                   "        include /etc/nginx/mime.types;\n"
                   "        default_type application/octet-stream;\n"
                   "        server_tokens off;\n"
                   "        sendfile on;\n"
                   "        tcp_nopush on;\n"
                   "        keepalive_timeout 75s;\n"
                   "        keepalive_requests 100000;\n"
                   "        client_body_temp_path %s/tmp/body;\n"
                   "        proxy_temp_path %s/tmp/proxy;\n"
                   "        fastcgi_temp_path %s/tmp/f;\n"
                   "        uwsgi_temp_path %s/tmp/u;\n"
                   "        scgi_temp_path %s/tmp/s;\n"
                   "        client_max_body_size %lldm;\n"
                   "        client_body_buffer_size 64k;\n"
                   "        client_header_timeout 15s;\n"
                   "        client_body_timeout 30s;\n"
                   "        send_timeout 30s;\n"
                   "        large_client_header_buffers 4 16k;\n"
                   /* never the query: it may hold what somebody searched for */
                   "        log_format house '$time_iso8601 $remote_addr $request_method $uri $status $body_bytes_sent $request_time "
                   "$upstream_response_time $pool $ssl_client_verify';\n"
                   "        access_log %s/log/access.log house buffer=32k flush=5s;\n",
                   dir, dir, dir, dir, dir, (long long)config->upload_max + 1, dir);
        buf_text(out, "        map \"$request_method:$uri\" $pool {\n                default web;\n");
        pool_routes(out, routes);
        buf_text(out, "        }\n"
                      /* of an IPv6 address the first half says who it is; the other half is theirs to choose */
                      "        map $binary_remote_addr $login_home {\n                \"~(?s)^(?<login_half>.{8}).{8}$\" $login_half;\n"
                      "                default $binary_remote_addr;\n        }\n"
                      "        map $pool $login_address {\n                ~^(?:auth|sso)$ $login_home;\n                default '';\n        }\n"
                      /* none of those processes could take one more: the name of all of them stands where that of one would */
                      "        map $upstream_addr $full {\n                ~^(?:auth|sso)$ 1;\n                default 0;\n        }\n"
                      "        map $uri $api {\n                ~^/api/ 1;\n                default 0;\n        }\n"
                      "        map $api $away_type {\n                1 application/problem+json;\n                default text/html;\n        }\n"
                      /* a name with a hash of its content never means anything else */
                      "        map $uri $keep {\n                \"~\\.[0-9a-f]{12}\\.[a-z]+$\" 'public, max-age=31536000, immutable';\n"
                      "                default no-cache;\n        }\n"
                      "        charset utf-8;\n"
                      "        charset_types text/css application/javascript;\n");
        buf_text(out, "        map $ssl_client_verify $client_certificate {\n                SUCCESS $ssl_client_serial;\n                default "
                      "'';\n        }\n");
        words(out, "away", 503, "Daicho cannot answer at the moment; please try again in a few seconds",
              "ただいま応答できません。数秒おいてから、もう一度お試しください。");
        words(out, "busy", 429, "Too many attempts; please wait a moment and try again",
              "短い時間に何度も操作されました。少し待ってから、もう一度お試しください。");
        words(out, "large", 413, "This is too large", "送られたデータが大きすぎます。");
        buf_format(out, "        limit_req_zone $login_address zone=login:2m rate=%lldr/s;\n        limit_req_status 429;\n",
                   (long long)config->login_rate);
        upstream(cx, out, place->dir, "web", config->web_workers, 0);
        upstream(cx, out, place->dir, "auth", config->auth_workers, config->login_queue);
        upstream(cx, out, place->dir, "sso", config->sso_workers, config->login_queue);
        if (!str_empty(config->witness_name)) {
                upstream(cx, out, place->dir, "witness", 1, 0);
                buf_text(out, "        limit_req_zone $binary_remote_addr zone=witness_rate:1m rate=20r/s;\n");
        }
        buf_text(out, "        proxy_http_version 1.1;\n"
                      "        proxy_set_header Connection '';\n"
                      "        proxy_set_header Host $http_host;\n"
                      "        proxy_set_header X-Real-IP $remote_addr;\n"
                      "        proxy_set_header X-Forwarded-Proto $scheme;\n"
                      "        proxy_set_header X-Accel-Redirect '';\n"
                      /* the serial of a certificate that was checked; whatever a client sends under these names goes no further */
                      "        proxy_set_header X-Client-Certificate $client_certificate;\n"
                      "        proxy_set_header Cookie '';\n"
                      "        proxy_set_header X-Cookie $http_cookie;\n"
                      "        proxy_set_header X-Forwarded-For '';\n"
                      "        proxy_set_header X-Forwarded-Host '';\n"
                      "        proxy_set_header Forwarded '';\n"
                      "        proxy_buffers 16 16k;\n"
                      "        proxy_buffer_size 16k;\n"
                      "        proxy_busy_buffers_size 64k;\n"
                      "        proxy_connect_timeout 10s;\n"
                      "        proxy_read_timeout 120s;\n"
                      "        proxy_next_upstream error timeout;\n"
                      "        proxy_next_upstream_tries 3;\n");
        buf_format(
            out,
            "        server {\n"
            "                listen %s%.*s%s:%lld ssl http2 backlog=%d;\n"
            "                ssl_certificate %s;\n"
            "                ssl_certificate_key %s;\n"
            "                ssl_protocols TLSv1.2 TLSv1.3;\n"
            "                ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
            "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;\n"
            "                ssl_prefer_server_ciphers off;\n"
            "                ssl_session_tickets off;\n"
            "                ssl_session_cache shared:tls:10m;\n"
            "                ssl_session_timeout 1d;\n"
            "                ssl_buffer_size 8k;\n"
            "                ssl_client_certificate %s/tls/client-ca.crt;\n"
            "                ssl_crl %s/tls/client.crl;\n"
            "                ssl_verify_client optional;\n"
            "                ssl_verify_depth 1;\n"
            "                error_page 497 =308 https://$http_host$request_uri;\n"
            /* a certificate that is expired, revoked or of somebody else counts as none: the house says what is needed, in words, and writes it down */
            "                error_page 495 496 = @uncertified;\n"
            "                location @uncertified {\n"
            "                        recursive_error_pages on;\n"
            "                        limit_req zone=login burst=10 nodelay;\n"
            "                        proxy_pass http://$pool;\n"
            "                }\n",
            six ? "[" : "", STR_ARG(config->address), six ? "]" : "", (long long)config->port, BACKLOG,
            own ? quoted(cx, config->certificate) : place_path(cx, place->dir, "tls/server.crt"),
            own ? quoted(cx, config->certificate_key) : place_path(cx, place->dir, "secret/server.key"), dir, dir);
        server_common(out, place);
        buf_format(out,
                   "        }\n"
                   /* the local door, in a directory of ours: the parent asks here whether the whole way to the database stands */
                   "        server {\n"
                   "                listen unix:%s/run/edge.sock;\n"
                   "                access_log off;\n"
                   "                location = /health { proxy_pass http://web; }\n"
                   "                location / { return 404; }\n"
                   "        }\n",
                   dir);
}

static const char *const *edge_argv(struct cx *cx, const struct place *place, bool check)
{
        const char **argv = NEW_ARRAY(cx->mem, const char *, 8);
        size_t n = 0;

        argv[n++] = quoted(cx, place->config.nginx);
        argv[n++] = "-e";
        argv[n++] = place_path(cx, place->dir, "log/nginx.log");
        argv[n++] = "-c";
        argv[n++] = place_path(cx, place->dir, "run/nginx.conf");
        if (check)
                argv[n++] = "-t";
        return argv;
}

/* Paths stand in nginx.conf unquoted. */
static bool plain_path(str path)
{
        for (size_t i = 0; i < path.n; i++)
                if ((unsigned char)path.p[i] <= 0x20 || strchr("\"';{}\\$#*?[]()|<>", path.p[i]) != NULL)
                        return false;
        return true;
}

rc edge_write(struct cx *cx, const struct place *place, const struct route *const *routes)
{
        const struct config *config = &place->config;
        struct buf out = buf_open(cx->mem, CONF_MAX);
        const char *path = place_path(cx, place->dir, "run/nginx.conf");
        str said;

        TRY(spawn_check(cx, quoted(cx, config->nginx), "nginx-light"));
        if (!plain_path(place->dir) || !plain_path(place->statics))
                return fail(cx, RC_INVALID, NULL, "the path %.*s holds characters that nginx cannot take; choose another with --dir",
                            STR_ARG(plain_path(place->dir) ? place->statics : place->dir));
        if (!plain_path(config->certificate) || !plain_path(config->certificate_key))
                return fail(cx, RC_INVALID, "certificate", "must be a path without spaces and quotes");
        if (str_empty(config->certificate) != str_empty(config->certificate_key))
                return fail(cx, RC_INVALID, "certificate_key", "must be given together with certificate");
        buf_text(&out, "# Written at every start from daicho.conf and the route table.\n"
                       "daemon off;\n"
                       "worker_processes auto;\n"
                       "worker_rlimit_nofile 8192;\n"
                       "worker_shutdown_timeout 10s;\n");
        buf_format(&out, "pid %.*s/run/nginx.pid;\nerror_log %.*s/log/nginx.log warn;\n", STR_ARG(place->dir), STR_ARG(place->dir));
        buf_text(&out, "events {\n        worker_connections 4096;\n}\nhttp {\n");
        http_part(cx, &out, place, routes);
        buf_text(&out, "}\n");
        must(!buf_full(&out));
        TRY(file_write(cx, path, buf_str(&out), 0600));
        return spawn_run(cx, edge_argv(cx, place, true), "nginx-light", &said);
}

struct child *edge_child(struct cx *cx, const struct place *place, int listen_fd)
{
        struct child *child = NEW(cx->mem, struct child);

        *child = (struct child){ .name = "nginx",
                                 .argv = edge_argv(cx, place, false),
                                 .variable = "NGINX=3;",
                                 .log = place_path(cx, place->dir, "log/nginx.log"),
                                 .stale = place_path(cx, place->dir, "run/edge.sock"),
                                 .listen_fd = listen_fd,
                                 .stop_signal = SIGQUIT,
                                 .death_signal = SIGTERM,
                                 .patience_ms = 5000,
                                 .stage = 2 };
        return child;
}

rc edge_ask(struct cx *cx, const struct place *place)
{
        static const char question[] = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        struct timeval patience = { ASK_SECONDS, 0 };
        const char *path = place_path(cx, place->dir, "run/edge.sock");
        size_t length = strlen(path);
        char answer[64] = "";
        size_t got = 0;
        ssize_t n = 0;
        int fd;

        must(length < sizeof(at.sun_path));
        memcpy(at.sun_path, path, length);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && write(fd, question, sizeof(question) - 1) == (ssize_t)sizeof(question) - 1)
                while (got < 12 && (n = read(fd, answer + got, sizeof(answer) - 1 - got)) > 0)
                        got += (size_t)n;
        (void)close(fd);
        if (strncmp(answer, "HTTP/1.1 ", 9) == 0 && answer[9] != '5')
                return RC_OK;
        return fail(cx, RC_UNAVAILABLE, NULL, "the house does not answer yet: %.*s", 12, got >= 12 ? answer : "-");
}

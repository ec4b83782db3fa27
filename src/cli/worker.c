/* worker.c - see worker.h. Start: read what is needed, connect, give up all powers, say "ready", serve. */
#include "base/house.h"

#include "cli/worker.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/kind.h"
#include "base/seal.h"
#include "cli/authority.h"
#include "cli/cosigner.h"
#include "cli/edge.h"
#include "cli/renewer.h"
#include "cli/watch.h"
#include "db/db.h"
#include "gate/gate.h"
#include "http/fetch.h"
#include "http/scan.h"
#include "identity/certificate.h"
#include "identity/factor.h"
#include "identity/password.h"
#include "identity/sign_on.h"
#include "identity/token.h"
#include "log/published.h"
#include "log/sealer.h"
#include "notify/courier.h"
#include "notify/mailer.h"
#include "notify/notice.h"
#include "notify/webhook.h"
#include "page/page.h"
#include "post/message.h"
#include "register/pack.h"
#include "tenant/vault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 256, SEALER_MEMORY_MB = 256 };

static volatile bool stop;

static void on_stop(int number)
{
        stop = true;
}

static rc listen_at(struct cx *cx, const char *path, int *ret_fd)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        size_t n = strlen(path);
        int fd;

        if (n >= sizeof(at.sun_path))
                return fail(cx, RC_INVALID, NULL, "the path %s is too long for a socket; choose a shorter one with --dir", path);
        memcpy(at.sun_path, path, n);
        (void)unlink(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
                return file_failed(cx, path, errno);
        *ret_fd = fd;
        return RC_OK;
}

static const int niceness[SANDBOX_KINDS] = { [SANDBOX_AUTH] = 19, [SANDBOX_JOBS] = 5, [SANDBOX_MAILER] = 5, [SANDBOX_COURIER] = 5 };

static bool serving(enum sandbox_kind kind)
{
        return kind == SANDBOX_WEB || kind == SANDBOX_AUTH || kind == SANDBOX_SSO || kind == SANDBOX_WITNESS;
}

rc worker_child(struct cx *cx, const struct place *place, enum sandbox_kind kind, int64_t number, struct child **ret)
{
        const char *name = sandbox_kind_name(kind);
        const char **argv = NEW_ARRAY(cx->mem, const char *, 10);
        struct child *child = NEW(cx->mem, struct child);
        int fd = -1;

        argv[0] = "/proc/self/exe"; /* also where the service user cannot walk to it */
        argv[1] = "worker";
        argv[2] = name;
        argv[3] = str_z(cx->mem, db_int(cx, number));
        argv[4] = "--dir";
        argv[5] = str_z(cx->mem, place->dir);
        argv[6] = "--port"; /* it may be another than the settings say */
        argv[7] = str_z(cx->mem, db_int(cx, place->config.port));
        TRY(file_directory(cx, place_path(cx, place->dir, "spool/%s.%lld", name, (long long)number), 0700));
        if (serving(kind))
                TRY(listen_at(cx, edge_socket(cx, place->dir, name, number), &fd));
        *child = (struct child){ .name = str_z(cx->mem, str_format(cx->mem, "%s.%lld", name, (long long)number)),
                                 .argv = argv,
                                 .log = place_path(cx, place->dir, "log/house.log"),
                                 .listen_fd = fd,
                                 .tells = true,
                                 .stop_signal = SIGTERM,
                                 .death_signal = SIGTERM,
                                 .patience_ms = 15000,
                                 .stage = 1,
                                 .nice = niceness[kind] };
        *ret = child;
        return RC_OK;
}

static void tell_ready(void)
{
        uint32_t pid = (uint32_t)getpid();

        (void)!write(PARENT_READY_FD, &pid, sizeof(pid));
        (void)close(PARENT_READY_FD);
}

static void signals_set(void)
{
        struct sigaction action = { .sa_handler = on_stop };

        (void)sigaction(SIGTERM, &action, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGINT, SIG_IGN);
}

/* From here on `unit` is the context of one unit of work after the other. */
static struct cx unit_open(const struct cx *cx, int64_t memory_mb)
{
        struct cx unit = { .mem = arena_open(MB(memory_mb)), .lang = LANG_JA, .db = cx->db };

        arena_current = unit.mem;
        return unit;
}

static rc serve(struct cx *cx, const struct http_service *service, const struct place *place, str spool)
{
        struct http_server *server;
        struct cx unit = unit_open(cx, place->config.web_memory);
        rc result = http_start(&unit, PARENT_LISTEN_FD, spool, service, &server);

        if (result == RC_OK) {
                tell_ready();
                http_run(server, &stop);
        }
        cx->failure = unit.failure;
        return result;
}

/* Client certificates are signed where passwords are checked: in a process that already holds what matters most and serves a handful of routes. */
static rc signer_start(struct cx *cx, const struct place *place)
{
        struct x509_authority *authority;

        TRY(authority_clients_open(cx, place->dir, &authority));
        certificate_start(authority);
        return RC_OK;
}

/* What opens the seeds of authenticator apps: read before the sandbox closes, by this kind of process only. */
static rc factors_open(struct cx *cx, const struct place *place, int64_t port)
{
        str keys;

        TRY(file_read(cx, place_path(cx, place->dir, PLACE_FACTOR_KEY), KB(4), &keys));
        TRY(factor_start(cx, place->config.host, place_url(cx, place, port), keys));
        crypto_wipe((char *)(uintptr_t)keys.p, keys.n);
        return RC_OK;
}

static rc seal(struct cx *cx, const struct place *place)
{
        const struct config *config = &place->config;
        struct sealer sealer = { .logs = place_path(cx, place->dir, "seal"),
                                 .memory = place_path(cx, place->dir, "sealer"),
                                 .keys = place_path(cx, place->dir, "secret/log"),
                                 .host = str_empty(config->log_name) ? config->host : config->log_name,
                                 .every = config->seal_seconds * CLOCK_SECOND };
        struct cx unit = unit_open(cx, SEALER_MEMORY_MB);

        unit.lang = LANG_EN;
        tell_ready();
        sealer_run(&unit, &sealer, &stop);
        return RC_OK;
}

static rc mailer_settings(struct cx *cx, const struct place *place, struct mailer *ret)
{
        static const char *const tls[] = { [SMTP_PLAIN] = "none", [SMTP_STARTTLS] = "starttls", [SMTP_TLS] = "tls" };
        const struct config *config = &place->config;
        struct mailer m = { .server = { .host = config->mail_host, .port = config->mail_port, .ca = STR_NONE, .user = STR_NONE },
                            .from = config->mail_from,
                            .host = config->host };
        size_t at = 0;

        while (at < COUNT(tls) && !str_is(config->mail_tls, tls[at]))
                at++;
        if (at == COUNT(tls))
                return fail(cx, RC_INVALID, "mail_tls", "must be none, starttls or tls");
        if (!message_address_valid(config->mail_from))
                return fail(cx, RC_INVALID, "mail_from", "is not an e-mail address");
        m.server.tls = (enum smtp_tls)at;
        if (!str_empty(config->mail_ca))
                TRY(file_read(cx, str_z(cx->mem, config->mail_ca), MB(1), &m.server.ca));
        if (!str_empty(config->mail_user)) {
                m.server.user = config->mail_user;
                TRY(place_secret(cx, place->dir, "mail", &m.server.password));
        }
        *ret = m;
        return RC_OK;
}

static rc watch_settings(struct cx *cx, const struct place *place, struct watch *ret)
{
        struct watch w = { .directory = place_path(cx, place->dir, "log/postgres"),
                           .revoked = place_path(cx, place->dir, "run/watch/revoked"),
                           .unproven = place_path(cx, place->dir, "run/watch/unproven") };

        TRY(watch_recipients(cx, place->config.alarm_recipients, &w));
        TRY(file_read(cx, place_path(cx, place->dir, "run/start"), KB(4), &w.start_names));
        *ret = w;
        return RC_OK;
}

static bool at_providers(enum sandbox_kind kind)
{
        return kind == SANDBOX_SSO || kind == SANDBOX_RENEW;
}

/* Whom it trusts: the system's authorities, and those of the setting of what it is there for. sso judges addresses of webhooks, but speaks with none. */
static rc authorities_read(struct cx *cx, const struct place *place, str setting, str *ret)
{
        static const char *const system_authorities = "/etc/ssl/certs/ca-certificates.crt";
        str all = S(""), more = S("");

        if (access(system_authorities, R_OK) == 0)
                TRY(file_read(cx, system_authorities, MB(4), &all));
        if (!str_empty(setting))
                TRY(file_read(cx, str_z(cx->mem, setting), MB(1), &more));
        *ret = str_format(cx->mem, "%.*s\n%.*s", STR_ARG(all), STR_ARG(more));
        return RC_OK;
}

/* Everybody knows where providers send browsers back to; those who speak with providers also whom to trust. Those who make or open secrets that are kept sealed
 * hold their key. */
static rc outside_settings(struct cx *cx, const struct place *place, enum sandbox_kind kind, int64_t port)
{
        str trusted, keys;

        sign_on_start(str_of(place_path(cx, place->dir, "secret/provider")), place_url(cx, place, port));
        TRY(webhook_start(cx, place->config.webhook_networks, place->config.webhook_http == 1));
        if (!at_providers(kind) && kind != SANDBOX_COURIER) {
                fetch_start(STR_NONE, place->config.provider_private == 1);
                return RC_OK;
        }
        TRY(authorities_read(cx, place, kind == SANDBOX_COURIER ? place->config.webhook_ca : place->config.provider_ca, &trusted));
        fetch_start(trusted, kind != SANDBOX_COURIER && place->config.provider_private == 1);
        TRY(file_read(cx, place_path(cx, place->dir, "secret/provider.key"), KB(4), &keys));
        return seal_start(cx, keys);
}

/* A witness knows no database: its start is short. */
static rc witness(struct cx *cx, const struct place *place, str spool, bool probe, str dare)
{
        if (!probe) /* of those at work there is one */
                TRY(cosigner_start(cx, place));
        signals_set();
        TRY(sandbox_enter(cx, SANDBOX_WITNESS, place->dir, place->share, spool));
        if (probe)
                return sandbox_probe(cx, SANDBOX_WITNESS, place->dir) ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "a power is left that should be gone");
        return serve(cx, &cosigner_service, place, spool);
}

static rc work(struct cx *cx, enum sandbox_kind kind, str number, int64_t port, bool probe, str dare)
{
        static const char *const roles[SANDBOX_KINDS] = {
                [SANDBOX_WEB] = "daicho_web",         [SANDBOX_AUTH] = "daicho_auth",     [SANDBOX_JOBS] = "daicho_jobs",
                [SANDBOX_SSO] = "daicho_sso",         [SANDBOX_RENEW] = "daicho_sso",     [SANDBOX_MAILER] = "daicho_mailer",
                [SANDBOX_COURIER] = "daicho_courier", [SANDBOX_SEALER] = "daicho_sealer", [SANDBOX_WATCH] = "daicho_watch"
        };
        const struct place *place;
        struct mailer mailer;
        struct watch watch;
        str conninfo, spool;

        TRY(command_place(cx, &place));
        spool = str_format(cx->mem, "%.*s/spool/%s.%.*s", STR_ARG(place->dir), sandbox_kind_name(kind), STR_ARG(number));
        if (kind == SANDBOX_WITNESS)
                return witness(cx, place, spool, probe, dare);
        TRY(place_conninfo(cx, place->dir, roles[kind], "daicho", &conninfo));
        TRY(page_start(cx, str_format(cx->mem, "%.*s/pages", STR_ARG(place->share))));
        if (kind == SANDBOX_WEB)
                TRY(pack_start(cx, str_format(cx->mem, "%.*s/registers", STR_ARG(place->share))));
        if (command_house->hooks != NULL && command_house->hooks->start != NULL)
                TRY(command_house->hooks->start(cx, place->statics));
        TRY(db_open(cx, str_z(cx->mem, conninfo), &cx->db));
        if (kind == SANDBOX_AUTH)
                TRY(signer_start(cx, place));
        file_store_start(place_path(cx, place->dir, "files"));
        scan_start(place->config.scan_socket);
        if (kind == SANDBOX_WEB)
                TRY(kind_start(cx));
        vault_start(place_path(cx, place->dir, "secret/backup"));
        published_start(place_path(cx, place->dir, "seal"));
        password_start((int)place->config.password_cost);
        token_start((int)place->config.token_minutes);
        notice_start(place_url(cx, place, port));
        if (kind == SANDBOX_AUTH)
                TRY(factors_open(cx, place, port));
        TRY(outside_settings(cx, place, kind, port));
        gate_start(command_house->routes, kind == SANDBOX_AUTH ? POOL_AUTH : at_providers(kind) ? POOL_SSO : POOL_WEB, command_house->hooks);
        if (kind == SANDBOX_MAILER)
                TRY(mailer_settings(cx, place, &mailer));
        if (kind == SANDBOX_WATCH)
                TRY(watch_settings(cx, place, &watch));
        signals_set();
        TRY(sandbox_enter(cx, kind, place->dir, place->share, spool));
        if (!str_absent(dare))
                return sandbox_dare(dare) ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "a power is left that should be gone");
        if (probe)
                return sandbox_probe(cx, kind, place->dir) ? RC_OK : fail(cx, RC_FORBIDDEN, NULL, "a power is left that should be gone");
        if (kind == SANDBOX_SEALER)
                return seal(cx, place);
        if (serving(kind))
                return serve(cx, &gate_service, place, spool);
        {
                struct cx unit = unit_open(cx, place->config.job_memory);
                int64_t nth;

                tell_ready();
                if (kind == SANDBOX_JOBS)
                        runner_run(&unit, command_house->jobs, command_house->chores, &stop);
                else if (kind == SANDBOX_WATCH)
                        watch_run(&unit, &watch, &stop);
                else if (kind == SANDBOX_RENEW)
                        renewer_run(&unit, &stop);
                else if (kind == SANDBOX_COURIER)
                        courier_run(&unit, str_int(number, &nth) && nth % 2 == 0, &stop);
                else
                        mailer_run(&unit, &mailer, &stop);
        }
        return RC_OK;
}

static rc run(struct cx *cx, struct args *args)
{
        enum sandbox_kind kind;
        bool probe = args_flag(args, "--probe");
        int64_t port = 0;
        str name, number, dare = STR_NONE;

        TRY(args_int(cx, args, "--port", 1, 65535, &port));
        TRY(args_text(cx, args, "--dare", &dare));
        TRY(args_word(cx, args, "KIND", &name));
        TRY(args_word(cx, args, "NUMBER", &number));
        TRY(args_end(cx, args));
        if (!sandbox_kind_find(name, &kind) || !file_name_safe(number))
                return fail(cx, RC_USAGE, NULL, "there is no worker \"%.*s\"", STR_ARG(name));
        return work(cx, kind, number, port, probe, dare);
}

/* clang-format off */
const struct command worker_commands[] = {
        { .name = "worker", .usage = "KIND NUMBER", .run = run },
        { .name = NULL },
};
/* clang-format on */

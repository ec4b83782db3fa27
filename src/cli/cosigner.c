/* cosigner.c - see cosigner.h. One process, one request at a time: comparing with what was cosigned last and keeping the new one cannot be parted. */
#include "base/house.h"

#include "cli/cosigner.h"

#include "base/fail.h"
#include "base/file.h"
#include "log/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { KEY_MAX = 1024 };

static struct {
        struct note_signer signer;
        const char *directory;
} own;

rc cosigner_key(struct cx *cx, const struct place *place, struct note_signer *ret)
{
        const char *path = place_path(cx, place->dir, "secret/witness/key");
        str name = place->config.witness_name, text;
        uint8_t seed[ED25519_KEY_SIZE];
        rc result;

        if (!note_name_valid(name))
                return fail(cx, RC_INVALID, "witness_name", "must be a name without spaces and \"+\", as witness.example/one");
        TRY(file_directory(cx, place_path(cx, place->dir, "secret/witness"), 0700));
        result = file_read(cx, path, KEY_MAX, &text);
        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                crypto_random(seed, sizeof(seed));
                *ret = note_signer_of(cx->mem, name, NOTE_COSIGNATURE, seed);
                crypto_wipe(seed, sizeof(seed));
                return file_write(cx, path, note_signer_write(cx->mem, ret), 0600);
        }
        TRY(result);
        TRY(note_signer_read(cx, text, ret));
        if (!str_equal(ret->key.name, name))
                return fail(cx, RC_CONFLICT, "witness_name", "the key of this witness is one of %.*s; a witness keeps its name",
                            STR_ARG(ret->key.name));
        return RC_OK;
}

rc cosigner_start(struct cx *cx, const struct place *place)
{
        const char *lock = place_path(cx, place->dir, "witness/lock");
        int fd;

        TRY(cosigner_key(cx, place, &own.signer));
        own.directory = place_path(cx, place->dir, "witness");
        TRY(file_directory(cx, own.directory, 0700));
        fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* for the life of the process */
        if (fd < 0)
                return file_failed(cx, lock, errno);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0)
                return fail(cx, RC_CONFLICT, NULL, "another witness is at work in %s", own.directory);
        return RC_OK;
}

/* Whose logs. Without a file: nobody's. */
static rc logs_read(struct cx *cx, struct trust **ret)
{
        str text;
        rc result = file_read(cx, str_format(cx->mem, "%s/policy", own.directory).p, TRUST_FILE_MAX, &text);

        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                *ret = NEW(cx->mem, struct trust);
                return RC_OK;
        }
        TRY(result);
        return trust_read(cx, text, ret);
}

static const char *memory_path(struct cx *cx, str origin)
{
        uint8_t digest[SHA256_SIZE];

        crypto_sha256(origin, digest);
        return str_format(cx->mem, "%s/%s", own.directory, crypto_hex(cx->mem, digest, sizeof(digest)).p).p;
}

static rc memory_read(struct cx *cx, str origin, struct witness_memory *ret)
{
        struct checkpoint last;
        str text;
        rc result = file_read(cx, memory_path(cx, origin), NOTE_MAX, &text);

        *ret = (struct witness_memory){ .size = 0 };
        if (result == RC_UNKNOWN) {
                fail_clear(cx);
                return RC_OK;
        }
        TRY(result);
        TRY(checkpoint_read(cx, text, &last));
        if (!str_equal(last.origin, origin))
                return fail(cx, RC_MALFORMED, NULL, "this is no checkpoint (origin, size, root)");
        *ret = (struct witness_memory){ .size = last.size, .root = last.root };
        return RC_OK;
}

static void answer(struct http_res *res, int status, str type, str body)
{
        res->status = status;
        res->type = type;
        res->body = body;
}

static rc cosign(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        struct witness_request *request;
        struct witness_memory memory;
        struct checkpoint c;
        struct timespec now;
        struct trust *logs;
        str text;
        int status;

        if (witness_request_read(cx, req->body, &request) != RC_OK) {
                answer(res, 400, S("text/plain"), cx->failure.problem[0].text);
                fail_clear(cx);
                return RC_OK;
        }
        TRY(logs_read(cx, &logs));
        TRY(memory_read(cx, witness_request_origin(request), &memory));
        status = witness_decide(cx, logs, request, &memory, &c, &text);
        fail_clear(cx);
        if (status == 409)
                answer(res, 409, S("text/x.tlog.size"), str_format(cx->mem, "%" PRId64 "\n", memory.size));
        else if (status != 200)
                answer(res, status, S("text/plain"), S("\n"));
        if (status != 200)
                return RC_OK;
        TRY(file_write(cx, memory_path(cx, c.origin), text, 0600));
        /* the one time that is not the database's: a witness has none, and its word is about the world outside */
        must(clock_gettime(CLOCK_REALTIME, &now) == 0);
        answer(res, 200, S("text/plain"), note_sign(cx->mem, &own.signer, text, now.tv_sec));
        return RC_OK;
}

static rc accept_body(struct cx *cx, struct http_req *req, size_t *ret_body_max, int64_t *ret_file_max)
{
        *ret_body_max = WITNESS_REQUEST_MAX;
        *ret_file_max = 0;
        return RC_OK;
}

static void serve(struct cx *cx, struct http_req *req, struct http_res *res)
{
        if (cx->failure.count > 0) {
                answer(res, rc_http(cx->failure.code), S("text/plain"), cx->failure.problem[0].text);
                return;
        }
        if (!str_is(req->path, "/witness/add-checkpoint")) {
                answer(res, 404, S("text/plain"), S("\n"));
                return;
        }
        if (req->method != HTTP_POST) {
                http_set(res, S("Allow"), S("POST"));
                answer(res, 405, S("text/plain"), S("\n"));
                return;
        }
        /* its own memory cannot be read or written: nothing is cosigned */
        if (cosign(cx, req, res) != RC_OK)
                answer(res, 500, S("text/plain"), S("\n"));
}

const struct http_service cosigner_service = { .accept = accept_body, .serve = serve };

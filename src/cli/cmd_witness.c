/* cmd_witness.c - see cmd_witness.h. */
#include "base/house.h"

#include "cli/cmd_witness.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/archive.h"
#include "cli/print.h"
#include "cli/spawn.h"
#include "log/checkpoint.h"
#include "log/merkle.h"
#include "log/note.h"
#include "log/tile.h"
#include "log/trust.h"
#include "log/witness.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct asking {
        struct trust *trust;
        const char *directory, *scratch;
        str authority; /* --ca: PEM file beside the system's */
        str note;
        struct note *parsed;
        struct checkpoint checkpoint;
};

static const char *beside(struct cx *cx, const char *directory, const char *name)
{
        return str_format(cx->mem, "%s/%s", directory, name).p;
}

/* The newest generation under DIR/seal/PART. */
static rc newest_generation(struct cx *cx, str part, const char **ret)
{
        const struct place *place;
        int64_t generation = 0;

        TRY(command_place(cx, &place));
        do
                *ret = place_path(cx, place->dir, "seal/%.*s/%lld", STR_ARG(part), (long long)++generation);
        while (access(*ret, F_OK) == 0);
        if (generation == 1)
                return fail(cx, RC_UNKNOWN, NULL, "there is no log %.*s here", STR_ARG(part));
        *ret = place_path(cx, place->dir, "seal/%.*s/%lld", STR_ARG(part), (long long)generation - 1);
        return RC_OK;
}

/* One question; *ret_status 0: the witness does not answer. */
static rc post(struct cx *cx, const struct asking *a, str url, str body, int64_t *ret_status, str *ret_answer)
{
        const char *question = beside(cx, a->scratch, "question"), *answer = beside(cx, a->scratch, "answer");
        const char *argv[] = { "/usr/bin/curl",
                               "--silent",
                               "--max-time",
                               "20",
                               "--max-filesize",
                               "65536",
                               "--request",
                               "POST",
                               "--header",
                               "Content-Type: text/plain",
                               "--data-binary",
                               NULL,
                               "--output",
                               answer,
                               "--write-out",
                               "%{http_code}",
                               "--url",
                               NULL,
                               str_empty(a->authority) ? NULL : "--cacert",
                               str_z(cx->mem, a->authority),
                               NULL };
        str said;

        argv[11] = str_format(cx->mem, "@%s", question).p;
        argv[17] = str_format(cx->mem, "%.*s%sadd-checkpoint", STR_ARG(url), str_ends(url, S("/")) ? "" : "/").p;
        TRY(file_write(cx, question, body, 0600));
        *ret_status = 0;
        *ret_answer = S("");
        if (spawn_run(cx, argv, "curl", &said) != RC_OK || !str_int(str_trim(said), ret_status)) {
                fail_clear(cx);
                return RC_OK;
        }
        return file_read(cx, answer, WITNESS_ANSWER_MAX, ret_answer);
}

static rc asked(struct cx *cx, const struct asking *a, str url, int64_t old, int64_t *ret_status, str *ret_answer)
{
        struct witness_request request = { .old = old, .note = a->note };
        struct tile_tree *tree = NEW(cx->mem, struct tile_tree);
        struct merkle_reader reader = tile_reader(tree);

        *tree = (struct tile_tree){ .size = a->checkpoint.size, .get = tile_file_get, .data = (void *)(uintptr_t)a->directory };
        if (old > 0)
                TRY(merkle_consistency(cx, &reader, old, a->checkpoint.size, request.proof, &request.count));
        return post(cx, a, url, witness_request_write(cx->mem, &request), ret_status, ret_answer);
}

/* It says how far it has seen the log, then it is asked from there. */
static rc witness_ask(struct cx *cx, const struct asking *a, const struct trust_witness *witness, str lines[TRUST_MAX], size_t *ret_count)
{
        int64_t status, old = 0;
        str answer;

        *ret_count = 0;
        TRY(asked(cx, a, witness->url, 0, &status, &answer));
        if (status == 409 && checkpoint_number(str_trim(answer), &old) && old > 0 && old <= a->checkpoint.size)
                TRY(asked(cx, a, witness->url, old, &status, &answer));
        if (status == 200)
                return witness_answer_read(cx, a->trust, a->parsed->text, answer, lines, ret_count);
        if (!command_json() && status == 0)
                print_line(cx, "witness %.*s cannot be reached; is its certificate signed by an authority this machine knows, or that of --ca FILE?",
                           STR_ARG(witness->name));
        else if (!command_json())
                print_line(cx, "witness %.*s did not cosign: status %lld", STR_ARG(witness->name), (long long)status);
        return RC_OK;
}

static rc cosigned_write(struct cx *cx, const struct asking *a, const str *lines, size_t count)
{
        const char *path = beside(cx, a->directory, "cosigned");
        str all[2 * TRUST_MAX];
        size_t n = 0;
        struct stat st;

        for (size_t i = 0; i < a->parsed->count && n < TRUST_MAX; i++)
                if (str_equal(a->parsed->signatures[i].name, a->checkpoint.origin))
                        all[n++] = a->parsed->signatures[i].line;
        for (size_t i = 0; i < count; i++)
                all[n++] = lines[i];
        TRY(file_write(cx, path, note_write(cx->mem, a->parsed->text, all, n), 0600));
        if (stat(beside(cx, a->directory, "checkpoint"), &st) != 0 || (geteuid() == 0 && chown(path, st.st_uid, st.st_gid) != 0))
                return file_failed(cx, path, errno);
        return RC_OK;
}

/* Nobody is asked about a log whose files are not those that were signed. */
static rc root_check(struct cx *cx, const struct asking *a)
{
        struct tile_tree *tree = NEW(cx->mem, struct tile_tree);
        struct merkle_reader reader = tile_reader(tree);
        struct merkle_hash root;

        *tree = (struct tile_tree){ .size = a->checkpoint.size, .get = tile_file_get, .data = (void *)(uintptr_t)a->directory };
        TRY(merkle_root_at(cx, &reader, a->checkpoint.size, &root));
        if (!merkle_equal(&root, &a->checkpoint.root))
                return fail(cx, RC_FORGED, NULL, "entries and tiles were changed together: their root is not the signed one");
        return RC_OK;
}

static rc witness_run(struct cx *cx, struct args *args)
{
        struct asking a = { .authority = S("") };
        str policy = STR_NONE, part = S("house"), lines[TRUST_MAX];
        struct note_seal seal[TRUST_MAX];
        struct trust logs;
        str text;
        size_t count = 0;

        TRY(args_text(cx, args, "--policy", &policy));
        TRY(args_text(cx, args, "--log", &part));
        TRY(args_text(cx, args, "--ca", &a.authority));
        TRY(args_end(cx, args));
        if (str_absent(policy) || !file_name_safe(part))
                return fail(cx, RC_USAGE, NULL, "name the witnesses with --policy FILE");
        TRY(file_read(cx, str_z(cx->mem, policy), TRUST_FILE_MAX, &text));
        TRY(trust_read(cx, text, &a.trust));
        if (!str_empty(a.authority) && access(str_z(cx->mem, a.authority), R_OK) != 0)
                return file_failed(cx, str_z(cx->mem, a.authority), errno);
        TRY(spawn_check(cx, "/usr/bin/curl", "curl"));
        TRY(newest_generation(cx, part, &a.directory));
        TRY(archive_scratch(cx, "/tmp", &a.scratch));
        TRY(file_read(cx, beside(cx, a.directory, "checkpoint"), NOTE_MAX, &a.note));
        logs = *a.trust;
        logs.quorum = -1;
        TRY(trust_open(cx, &logs, a.note, &a.checkpoint, &a.parsed, NULL));
        TRY(root_check(cx, &a));
        for (size_t i = 0; i < a.trust->witness_count; i++) {
                str one[TRUST_MAX];
                size_t found = 0;

                if (!str_empty(a.trust->witness[i].url))
                        TRY(witness_ask(cx, &a, &a.trust->witness[i], one, &found));
                for (size_t k = 0; k < found && count < TRUST_MAX; k++)
                        lines[count++] = one[k];
        }
        if (count == 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "no witness has cosigned the checkpoint of size %ld", (long)a.checkpoint.size);
        TRY(cosigned_write(cx, &a, lines, count));
        if (!command_json())
                print_line(cx, "the checkpoint of size %lld is cosigned; cosignatures: %lld", (long long)a.checkpoint.size, (long long)count);
        /* kept, but not enough for this policy: say so */
        TRY(file_read(cx, beside(cx, a.directory, "cosigned"), NOTE_MAX, &a.note));
        return trust_open(cx, a.trust, a.note, &a.checkpoint, &a.parsed, seal);
}

/* clang-format off */
const struct command cmd_witness_commands[] = {
        { "log witness", "--policy FILE [--log PART] [--ca FILE]", "ask the witnesses of a policy to cosign the newest checkpoint of a log", witness_run },
        { .name = NULL },
};
/* clang-format on */

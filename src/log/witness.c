/* witness.c - see witness.h. */
#include "base/house.h"

#include "log/witness.h"

#include "base/buf.h"
#include "base/fail.h"

str witness_request_write(struct arena *mem, const struct witness_request *request)
{
        struct buf b = buf_open(mem, NOTE_MAX);

        buf_format(&b, "old %" PRId64 "\n", request->old);
        for (size_t i = 0; i < request->count; i++) {
                buf_add(&b, crypto_base64(mem, request->proof[i].b, MERKLE_SIZE));
                buf_char(&b, '\n');
        }
        buf_char(&b, '\n');
        buf_add(&b, request->note);
        must(!buf_full(&b));
        return buf_str(&b);
}

static bool parts_read(struct arena *mem, str rest, struct witness_request *r)
{
        str line = str_cut(rest, '\n', &rest);

        if (!str_starts(line, S("old ")) || !checkpoint_number((str){ line.p + 4, line.n - 4 }, &r->old))
                return false;
        for (;;) {
                if (str_absent(rest))
                        return false;
                line = str_cut(rest, '\n', &rest);
                if (line.n == 0)
                        break;
                if (r->count == WITNESS_PROOF_MAX || !checkpoint_hash(mem, line, &r->proof[r->count++]))
                        return false;
        }
        r->note = rest;
        return !str_absent(rest);
}

rc witness_request_read(struct cx *cx, str body, struct witness_request **ret)
{
        struct witness_request *r = NEW(cx->mem, struct witness_request);
        struct checkpoint c;
        struct note *note;

        if (body.n > WITNESS_REQUEST_MAX || !parts_read(cx->mem, body, r))
                return fail(cx, RC_MALFORMED, NULL, "this is no request to a witness (old size, proof, checkpoint)");
        TRY(note_read(cx, r->note, &note));
        TRY(checkpoint_read(cx, note->text, &c));
        *ret = r;
        return RC_OK;
}

str witness_request_origin(const struct witness_request *request)
{
        str rest;

        return str_cut(request->note, '\n', &rest);
}

/* Do the signatures of the logs known by this name hold, and is there one? The quorum of the policy is not asked: it is others' business. */
static bool signed_by_log(struct cx *cx, const struct trust *logs, const struct checkpoint *c, const struct note *note)
{
        struct note_key keys[TRUST_MAX] = { 0 };
        struct note_seal seal[TRUST_MAX];
        size_t count = 0;
        bool found = false;

        for (size_t i = 0; i < logs->log_count; i++)
                if (str_equal(logs->log[i].key.name, c->origin))
                        keys[count++] = logs->log[i].key;
        if (note_check(cx, note, keys, count, seal) != RC_OK)
                return false;
        for (size_t i = 0; i < count; i++)
                found = found || seal[i].signed_;
        return found;
}

static bool known(const struct trust *logs, str origin)
{
        for (size_t i = 0; i < logs->log_count; i++)
                if (str_equal(logs->log[i].key.name, origin))
                        return true;
        return false;
}

static bool grown(const struct witness_request *r, const struct witness_memory *m, const struct checkpoint *c)
{
        struct merkle_hash empty;

        merkle_empty(&empty);
        if (m->size == 0)
                return r->count == 0 && (c->size > 0 || merkle_equal(&c->root, &empty));
        return merkle_consistency_check(m->size, &m->root, c->size, &c->root, r->proof, r->count);
}

int witness_decide(struct cx *cx, const struct trust *logs, const struct witness_request *request, const struct witness_memory *memory,
                   struct checkpoint *ret, str *ret_text)
{
        struct checkpoint c;
        struct note *note;

        if (note_read(cx, request->note, &note) != RC_OK || checkpoint_read(cx, note->text, &c) != RC_OK)
                return 400;
        if (!known(logs, c.origin))
                return 404;
        if (!signed_by_log(cx, logs, &c, note))
                return 403;
        if (request->old > c.size)
                return 400;
        if (request->old != memory->size || (c.size == memory->size && c.size > 0 && !merkle_equal(&c.root, &memory->root)))
                return 409;
        if (!grown(request, memory, &c))
                return 422;
        *ret = c;
        *ret_text = note->text;
        return 200;
}

rc witness_answer_read(struct cx *cx, const struct trust *trust, str text, str answer, str lines[TRUST_MAX], size_t *ret_count)
{
        struct note_key keys[TRUST_MAX] = { 0 };
        struct note_seal seal[TRUST_MAX];
        struct note *note;
        size_t count = 0;

        if (answer.n > WITNESS_ANSWER_MAX)
                return fail(cx, RC_MALFORMED, NULL, "this is no signature line of a signed note");
        for (size_t i = 0; i < trust->witness_count; i++)
                keys[i] = trust->witness[i].key;
        TRY(note_read(cx, note_write(cx->mem, text, &answer, 1), &note));
        TRY(note_check(cx, note, keys, trust->witness_count, seal));
        for (size_t k = 0; k < trust->witness_count; k++)
                for (size_t i = 0; seal[k].signed_ && i < note->count; i++)
                        if (note->signatures[i].id == keys[k].id && str_equal(note->signatures[i].name, keys[k].name)) {
                                lines[count++] = note->signatures[i].line;
                                break;
                        }
        *ret_count = count;
        return RC_OK;
}

/* token.c - see token.h. */
#include "base/house.h"

#include "identity/token.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "identity/permission.h"
#include "identity/token.sql.h"

enum { TOKEN_SIZE = 32, SCOPE_MAX = 16000, WORDS_MAX = 1000 };

static int64_t good_seconds = 15 * 60;

void token_start(int minutes)
{
        good_seconds = (int64_t)minutes * 60;
}

static str hash_of(struct cx *cx, str secret)
{
        uint8_t hash[SHA256_SIZE];

        crypto_sha256(secret, hash);
        return (str){ arena_copy(cx->mem, hash, sizeof(hash)), sizeof(hash) };
}

rc token_client(struct cx *cx, str client_id, str client_secret, struct token_client *ret)
{
        struct token_client_row *row = NULL;
        int64_t id;

        must(!db_in_transaction(cx));
        if (str_int(client_id, &id) && id > 0)
                TRY(sql_token_client(cx, id, hash_of(cx, client_secret), cx->actor.source, &row));
        if (row != NULL) {
                cx->tenant = row->tenant;
                cx->actor.name = row->name;
        }
        if (row == NULL || !row->good)
                return fail(cx, RC_UNAUTHORIZED, NULL, "client_id and client_secret are not those of an API key that is valid");
        if (!str_is(row->stage, "full"))
                return fail(cx, RC_FORBIDDEN, NULL,
                            "this address is not among those allowed here; connect from an allowed network, or ask an administrator");
        *ret = (struct token_client){ row->tenant, row->id, row->name, row->words };
        return RC_OK;
}

/* Words of the key without what it is denied: what a client can ask for. */
static str whole_scope(struct cx *cx, str words)
{
        struct buf b = buf_open(cx->mem, words.n + 1);

        while (words.n > 0) {
                str word = str_cut(words, ' ', &words);

                if (word.n == 0 || word.p[0] == '-')
                        continue;
                if (b.n > 0)
                        buf_char(&b, ' ');
                buf_add(&b, word);
        }
        must(!buf_full(&b));
        return buf_str(&b);
}

static bool among(str words, str word)
{
        while (words.n > 0)
                if (str_equal(str_cut(words, ' ', &words), word))
                        return true;
        return false;
}

/* Does the key hold this word, or for a single register the word for all of them? What it is denied travels with the token (daicho.key_enter). */
static bool held(struct cx *cx, str words, str word)
{
        struct rights asked = permission_parse(cx->mem, word);
        str name, base = str_cut(word, ':', &name);

        if (word.n == 0 || word.p[0] == '-' || permission_none(&asked))
                return false;
        if (among(words, word))
                return true;
        return !str_absent(name) && among(words, base) && !among(words, str_format(cx->mem, "-%.*s", STR_ARG(word)));
}

static rc scope_read(struct cx *cx, const struct token_client *client, str scope, str *ret_list, str *ret_text)
{
        str *words = NEW_ARRAY(cx->mem, str, WORDS_MAX), rest;
        size_t count = 0;

        scope = str_trim(scope);
        rest = str_empty(scope) ? whole_scope(cx, client->words) : scope;
        if (scope.n > SCOPE_MAX)
                return fail(cx, RC_INVALID, "scope", "must be at most %zu characters long", (size_t)SCOPE_MAX);
        *ret_text = rest;
        while (rest.n > 0) {
                str word = str_cut(rest, ' ', &rest);

                if (count == WORDS_MAX || (!str_empty(scope) && !held(cx, client->words, word)))
                        return fail(cx, RC_INVALID, "scope", "names something this API key may not do");
                words[count++] = word;
        }
        if (count == 0)
                return fail(cx, RC_INVALID, "scope", "this API key may do nothing");
        *ret_list = db_array(cx, words, count);
        return RC_OK;
}

rc token_open(struct cx *cx, const struct token_client *client, str scope, json_t **ret)
{
        uint8_t secret[TOKEN_SIZE];
        str list, text, token;
        json_t *m = json_object();
        int64_t id;

        TRY(scope_read(cx, client, scope, &list, &text));
        crypto_random(secret, sizeof(secret));
        token = str_format(cx->mem, "da_%.*s", STR_ARG(crypto_base64url(cx->mem, secret, sizeof(secret))));
        crypto_wipe(secret, sizeof(secret));
        TRY(sql_token_open(cx, client->key_id, hash_of(cx, token), list, good_seconds, &id));
        if (id == 0)
                return fail(cx, RC_UNAUTHORIZED, NULL, "client_id and client_secret are not those of an API key that is valid");
        json_set(m, "access_token", json_str(token));
        json_set(m, "token_type", json_str(S("Bearer")));
        json_set(m, "expires_in", json_integer(good_seconds));
        json_set(m, "scope", json_str(text));
        *ret = m;
        return RC_OK;
}

/* Promises of note.h and checkpoint.h: our own vectors, the two published keys, and what must be refused. */
#include "base/house.h"

#include "log/note.h"

#include "base/fail.h"
#include "log/trust.h"

#include <setjmp.h>
#include <cmocka.h>

#define DASH     "\xe2\x80\x94 "
#define TEXT     "daicho.example/t/1\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"
#define LOG_LINE DASH "daicho.example/t/1 b3+fdmSv+C3WnNH86nj2Og532fg1iX3G4lQutv71+sFlqlxETTN5MWqzlrzNZnw/FID55YnUvj6D8jBPDZSXFB73NAk=\n"
#define WITNESS_LINE                                                                                                                                 \
        DASH "witness.example/w1 "                                                                                                                   \
             "CtfTXgAAAABpVbkAPn0OM8FDH0/xmh7EAxuN118wzSMoZWWXHupeaD/nB9icU/AhIPppfsUcDqgEBUlNjC4bfChumtUArzxbbG8CDQ==\n"
#define LOG_KEY     "daicho.example/t/1+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define WITNESS_KEY "witness.example/w1+0ad7d35e+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"

static struct cx cx;

static struct note_key key(const char *vkey)
{
        struct note_key k;

        fail_clear(&cx);
        assert_int_equal(note_key_read(&cx, str_of(vkey), &k), RC_OK);
        return k;
}

static struct note_signer signer(const char *name, enum note_type type, uint8_t byte)
{
        uint8_t seed[ED25519_KEY_SIZE];

        memset(seed, byte, sizeof(seed));
        return note_signer_of(cx.mem, str_of(name), type, seed);
}

static rc opened(str bytes, const char *vkey, struct checkpoint *ret)
{
        struct note_key k = key(vkey);
        struct note *note;

        return trust_open(&cx, trust_of(cx.mem, &k), bytes, ret, &note, NULL);
}

static void our_own_vectors_are_made_byte_by_byte(void **state)
{
        struct note_signer log = signer("daicho.example/t/1", NOTE_ED25519, 0), witness = signer("witness.example/w1", NOTE_COSIGNATURE, 1);
        str lines[2] = { note_sign(cx.mem, &log, S(TEXT), 0), note_sign(cx.mem, &witness, S(TEXT), 1767225600) };

        assert_string_equal(crypto_hex(cx.mem, log.key.public_key.p, 32).p, "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29");
        assert_string_equal(note_key_write(cx.mem, &log.key).p, LOG_KEY);
        assert_string_equal(note_key_write(cx.mem, &witness.key).p, WITNESS_KEY);
        assert_string_equal(lines[0].p, LOG_LINE);
        assert_string_equal(lines[1].p, WITNESS_LINE);
        assert_true(str_equal(note_write(cx.mem, S(TEXT), lines, 2), S(TEXT "\n" LOG_LINE WITNESS_LINE)));
}

static void our_own_vectors_are_verified(void **state)
{
        struct note_key keys[2] = { key(LOG_KEY), key(WITNESS_KEY) };
        struct note_seal seal[2];
        struct checkpoint c;
        struct note *note;

        assert_int_equal(note_read(&cx, S(TEXT "\n" LOG_LINE WITNESS_LINE), &note), RC_OK);
        assert_int_equal(note_check(&cx, note, keys, 2, seal), RC_OK);
        assert_true(seal[0].signed_ && seal[1].signed_ && seal[1].time == 1767225600);
        assert_int_equal(opened(S(TEXT "\n" LOG_LINE), LOG_KEY, &c), RC_OK);
        assert_true(str_is(c.origin, "daicho.example/t/1") && c.size == 5 && !c.extended);
        assert_true(str_equal(checkpoint_write(cx.mem, &c), S(TEXT)));
}

/* The documentation of Go's golang.org/x/mod/sumdb/note, and the key of the C2SP specification. */
static void published_notes_verify(void **state)
{
        static const struct {
                str note;
                const char *key;
        } row[] = {
                { S("If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" DASH
                    "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"),
                  "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW" },
        };

        for (size_t i = 0; i < COUNT(row); i++) {
                struct note_key k = key(row[i].key);
                struct note_seal seal;
                struct note *note;

                assert_string_equal(note_key_write(cx.mem, &k).p, row[i].key);
                assert_int_equal(note_read(&cx, row[i].note, &note), RC_OK);
                assert_int_equal(note_check(&cx, note, &k, 1, &seal), RC_OK);
                assert_true(seal.signed_);
        }
        (void)key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
}

static void unknown_signatures_are_passed_over_however_long(void **state)
{
        struct checkpoint c;
        char blob[2424] = { 6 };
        str line = str_format(cx.mem, DASH "post.example/quantum %s\n", crypto_base64(cx.mem, blob, sizeof(blob)).p);

        assert_true(line.n > 3200);
        assert_int_equal(opened(str_format(cx.mem, TEXT "\n%.*s" WITNESS_LINE LOG_LINE, STR_ARG(line)), LOG_KEY, &c), RC_OK);
        /* the same name with another key id is another key */
        assert_int_equal(opened(str_format(cx.mem, TEXT "\n" DASH "daicho.example/t/1 AAAAAAAA\n" LOG_LINE), LOG_KEY, &c), RC_OK);
        /* only unknown ones: nobody has signed */
        assert_int_equal(opened(S(TEXT "\n" WITNESS_LINE), LOG_KEY, &c), RC_FORGED);
        /* a key of a type nobody can check is never verified and never spoils */
        {
                struct note_key k = { .name = S("post.example/quantum"), .type = NOTE_COSIGNATURE_ML_DSA, .id = 0x06000000, .public_key = S("x") };
                struct note_seal seal;
                struct note *note;

                assert_int_equal(note_read(&cx, str_format(cx.mem, TEXT "\n%.*s", STR_ARG(line)), &note), RC_OK);
                assert_int_equal(note_check(&cx, note, &k, 1, &seal), RC_OK);
                assert_false(seal.signed_);
        }
}

static void a_wrong_signature_of_a_known_key_spoils_the_note(void **state)
{
        struct note_key keys[2] = { key(LOG_KEY), key(WITNESS_KEY) };
        struct note_seal seal[2];
        struct checkpoint c;
        str good = S(TEXT "\n" LOG_LINE WITNESS_LINE);
        struct note *note;

        /* any flipped bit of text or signature */
        for (size_t i = 0; i < good.n; i++) {
                struct arena_mark mark = arena_mark(cx.mem);
                char *bad = arena_copy(cx.mem, good.p, good.n);

                bad[i] ^= 1;
                fail_clear(&cx);
                if (note_read(&cx, (str){ bad, good.n }, &note) == RC_OK && note_check(&cx, note, keys, 2, seal) == RC_OK)
                        assert_false(seal[0].signed_ && seal[1].signed_); /* a name or key id was hit: unknown now */
                arena_rewind(cx.mem, mark);
        }
        /* a good one and a bad one by the same key */
        assert_int_equal(opened(str_format(cx.mem, TEXT "\n" LOG_LINE DASH "daicho.example/t/1 b3+fdmSv\n"), LOG_KEY, &c), RC_FORGED);
        /* the witness's time is signed too */
        assert_int_equal(note_read(&cx,
                                   S(TEXT "\n" DASH "witness.example/w1 CtfTXgAAAABpVbkBPn0OM8FDH0/xmh7EAxuN118wzSMoZWWXHupeaD/nB9icU/"
                                          "AhIPppfsUcDqgEBUlNjC4bfChumtUArzxbbG8CDQ==\n"),
                                   &note),
                         RC_OK);
        assert_int_equal(note_check(&cx, note, keys, 2, seal), RC_FORGED);
        /* signed by the log, but about another log */
        {
                struct note_signer log = signer("daicho.example/t/1", NOTE_ED25519, 0);
                str other = S("daicho.example/t/2\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), line = note_sign(cx.mem, &log, other, 0);

                assert_int_equal(opened(note_write(cx.mem, other, &line, 1), LOG_KEY, &c), RC_FORGED);
        }
}

static void what_is_no_note_is_refused(void **state)
{
        static const str bad[] = {
                S(""),
                S("\n"),
                S("\n\n"),
                S("text\n"),
                S("text\n\n"),
                S("text\n" LOG_LINE),                               /* no empty line */
                S(TEXT "\n" DASH "daicho.example/t/1 b3+fdmQ="),    /* no line feed at the end */
                S(TEXT "\n- daicho.example/t/1 AAAAAAAA\n"),        /* a hyphen */
                S(TEXT "\n" DASH "daicho.example/t/1  AAAAAAAA\n"), /* two spaces */
                S(TEXT "\n" DASH "daicho.example/t/1 AAAAAAAA \n"), /* a space at the end */
                S(TEXT "\n" DASH "daicho.example/t/1\n"),           /* nothing signed */
                S(TEXT "\n" DASH " AAAAAAAA\n"),                    /* no name */
                S(TEXT "\n" DASH "a+b AAAAAAAA\n"),                 /* a plus in the name */
                S(TEXT "\n" DASH "a\xe3\x80\x80"
                       "b AAAAAAAA\n"),              /* an ideographic space in the name */
                S(TEXT "\n" DASH "name AAAA\n"),     /* shorter than a key id */
                S(TEXT "\n" DASH "name AAAAAA==\n"), /* a key id and nothing else */
                S(TEXT "\n" DASH "name AAAAAAA\n"),  /* no padding */
                S(TEXT "\n" DASH "name AAAAAAB=\n"
                       "x\n"),                          /* something else below */
                S(TEXT "\n" DASH "name AAAAAAB=\n"),    /* stray bits */
                S("te\tt\n\n" DASH "name AAAAAAAA\n"),  /* a control character */
                S("te\xff\n\n" DASH "name AAAAAAAA\n"), /* no UTF-8 */
                S("te\0t\n\n" DASH "name AAAAAAAA\n"),
                S("text\r\n\r\n" DASH "name AAAAAAAA\r\n"),
        };
        struct note *note;
        str many = S("text\n\n");

        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(note_read(&cx, bad[i], &note), RC_MALFORMED);
        }
        /* the last empty line counts */
        assert_int_equal(note_read(&cx, S("a\n\nb\n\n" DASH "name AAAAAAAA\n"), &note), RC_OK);
        assert_true(str_is(note->text, "a\n\nb\n"));
        for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
                many = str_format(cx.mem, "%.*s" DASH "name%d AAAAAAAA\n", STR_ARG(many), i);
        assert_int_equal(note_read(&cx, many, &note), RC_OK);
        assert_int_equal(note->count, NOTE_SIGNATURES_MAX);
        assert_int_equal(note_read(&cx, str_format(cx.mem, "%.*s" DASH "more AAAAAAAA\n", STR_ARG(many)), &note), RC_MALFORMED);
}

static void keys_are_read_exactly(void **state)
{
        static const char *const bad[] = {
                "",
                "name",
                "+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
                "daicho.example/t/1+6f7f9f76",
                "daicho.example/t/1+6F7F9F76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
                "daicho.example/t/1+6f7f9f7+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
                "daicho.example/t/1+6f7f9f77+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop", /* not its id */
                "daicho.example/t/2+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop", /* not its name */
                "daicho.example/t/1+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdo=", /* too short */
                "daicho.example/t/1+6f7f9f76+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdopAAAA",
        };
        struct note_signer made = signer("daicho.example/t/1", NOTE_ED25519, 7), read;
        struct note_key k;

        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(note_key_read(&cx, str_of(bad[i]), &k), RC_INVALID);
                assert_int_equal(note_signer_read(&cx, str_format(cx.mem, "PRIVATE+KEY+%s", bad[i]), &read), RC_INVALID);
        }
        fail_clear(&cx);
        assert_int_equal(note_signer_read(&cx, note_signer_write(cx.mem, &made), &read), RC_OK);
        assert_true(read.key.id == made.key.id && str_equal(read.key.public_key, made.key.public_key));
        assert_memory_equal(read.seed, made.seed, sizeof(made.seed));
        assert_int_equal(note_signer_read(&cx, S(LOG_KEY), &read), RC_INVALID);
}

static void checkpoints_are_read_exactly(void **state)
{
        static const str bad[] = {
                S("origin\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI="),
                S("origin\n05\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("origin\n-5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("origin\n+5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("origin\n\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("origin\n9223372036854775808\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"),
                S("origin\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049g==\n"),
                S("origin\n5\n\n"),
                S("origin\n5\n"),
                S("origin\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n\n"),
                S("origin\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0-whvj_C4jdXBf049nI=\n"),
        };
        struct checkpoint c;

        for (size_t i = 0; i < COUNT(bad); i++) {
                fail_clear(&cx);
                assert_int_equal(checkpoint_read(&cx, bad[i], &c), RC_MALFORMED);
        }
        assert_int_equal(checkpoint_read(&cx, S("o\n9223372036854775807\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\nmore\n"), &c), RC_OK);
        assert_true(c.extended && c.size == INT64_MAX);
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        return 0;
}

static int stop(void **state)
{
        arena_close(cx.mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(our_own_vectors_are_made_byte_by_byte),
                cmocka_unit_test(our_own_vectors_are_verified),
                cmocka_unit_test(published_notes_verify),
                cmocka_unit_test(unknown_signatures_are_passed_over_however_long),
                cmocka_unit_test(a_wrong_signature_of_a_known_key_spoils_the_note),
                cmocka_unit_test(what_is_no_note_is_refused),
                cmocka_unit_test(keys_are_read_exactly),
                cmocka_unit_test(checkpoints_are_read_exactly),
        };

        return cmocka_run_group_tests(tests, start, stop);
}

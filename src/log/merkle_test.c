/* Promises of merkle.h: the published values, our own vectors, every proof of every small tree, and every way a proof can be wrong. */
#include "base/house.h"

#include "log/merkle.h"

#include "base/crypto.h"

#include <setjmp.h>
#include <cmocka.h>

enum { SMALL = 70 };

static struct cx cx;
static struct merkle_hash leaves[SMALL];

static const char *hex(const struct merkle_hash *h)
{
        return crypto_hex(cx.mem, h->b, MERKLE_SIZE).p;
}

static struct merkle_hash of_base64(const char *text)
{
        struct merkle_hash h;
        str bytes;

        assert_true(crypto_base64_read(cx.mem, str_of(text), &bytes) && bytes.n == MERKLE_SIZE);
        memcpy(h.b, bytes.p, MERKLE_SIZE);
        return h;
}

static void hashes_are_those_of_rfc_6962(void **state)
{
        struct merkle_hash h, a, b, want;

        merkle_empty(&h);
        assert_string_equal(hex(&h), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        merkle_leaf(S(""), &h);
        assert_string_equal(hex(&h), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        merkle_leaf(S("L123456"), &h);
        assert_string_equal(hex(&h), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
        /* a node is SHA-256(1, left, right): checked with two real hashes against the definition, and with the published short ones */
        crypto_sha256(S("\x01N123N456"), h.b);
        assert_string_equal(hex(&h), "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
        merkle_leaf(S("a"), &a);
        merkle_leaf(S("b"), &b);
        merkle_node(&a, &b, &h);
        {
                struct crypto_hash *hash = crypto_hash_open(cx.mem);

                crypto_hash_add(hash, S("\x01"));
                crypto_hash_add(hash, (str){ (const char *)a.b, MERKLE_SIZE });
                crypto_hash_add(hash, (str){ (const char *)b.b, MERKLE_SIZE });
                crypto_hash_end(hash, want.b);
        }
        assert_true(merkle_equal(&h, &want));
}

static void the_reference_tree_of_certificate_transparency_has_its_root(void **state)
{
        static const str entries[] = { { "", 0 },
                                       { "\x00", 1 },
                                       { "\x10", 1 },
                                       { "\x20\x21", 2 },
                                       { "\x30\x31", 2 },
                                       { "\x40\x41\x42\x43", 4 },
                                       { "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
                                       { "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 } };
        struct merkle_frontier f = { 0 };
        struct merkle_hash h, list[8];

        for (size_t i = 0; i < COUNT(entries); i++) {
                merkle_leaf(entries[i], &h);
                list[i] = h;
                merkle_append(&f, &h);
        }
        merkle_root(&f, &h);
        assert_string_equal(hex(&h), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
        merkle_fold(list, COUNT(list), &h);
        assert_string_equal(hex(&h), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

/* The definition, word by word: RFC 9162 2.1.1. */
static void defined(const struct merkle_hash *list, size_t n, struct merkle_hash *ret)
{
        struct merkle_hash left, right;
        size_t k = 1;

        if (n == 1) {
                *ret = list[0];
                return;
        }
        while (k * 2 < n)
                k *= 2;
        defined(list, k, &left);
        defined(list + k, n - k, &right);
        merkle_node(&left, &right, ret);
}

static rc node(struct cx *c, void *data, int level, int64_t index, struct merkle_hash *ret)
{
        size_t width = (size_t)1 << level, from = (size_t)index << level;

        assert_true(from + width <= *(const size_t *)data);
        defined(leaves + from, width, ret);
        return RC_OK;
}

static void leaves_make(void)
{
        for (size_t i = 0; i < SMALL; i++)
                merkle_leaf(str_format(cx.mem, "entry %zu", i), &leaves[i]);
}

static void our_own_tree_has_the_roots_written_down(void **state)
{
        static const char *const roots[] = { "dziFphNIniTOLPdhmdakI/BC5LvxLX7s7pEu8nbGVwE=", "WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=",
                                             "lPvQ3YNvUDAWkubQ6t5yjuGexSv/8WBu2AfIV11aqhk=", "l5nzB1F+9RfCIF35tndivzR1ayAJn7ffzOdrzr0nOy4=",
                                             "fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=" };
        struct merkle_frontier f = { 0 };

        for (size_t i = 0; i < COUNT(roots); i++) {
                struct merkle_hash h;

                merkle_append(&f, &leaves[i]);
                merkle_root(&f, &h);
                assert_true(str_is(crypto_base64(cx.mem, h.b, MERKLE_SIZE), roots[i]));
        }
}

static void our_own_proofs_are_those_written_down(void **state)
{
        static const struct {
                int64_t index, old; /* one of the two */
                size_t count;
                const char *hash[4];
        } row[] = {
                { 3,
                  0,
                  3,
                  { "V8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=", "WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=",
                    "SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=" } },
                { -1, 2, 2, { "3b3oD8zesxmO9puOHwk0+84pbGur+3OFdKT2KXImZ5M=", "SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=" } },
                { -1,
                  3,
                  4,
                  { "V8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=", "YcoROfaBWEHVuvLQ0tm9nf7pfImN1ve6DAqpQe5sAes=",
                    "WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=", "SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=" } },
        };
        size_t size = 5, count;
        struct merkle_reader reader = { node, &size };
        struct merkle_hash proof[MERKLE_PROOF_MAX];

        for (size_t i = 0; i < COUNT(row); i++) {
                rc result = row[i].index >= 0 ? merkle_inclusion(&cx, &reader, row[i].index, 5, proof, &count)
                                              : merkle_consistency(&cx, &reader, row[i].old, 5, proof, &count);

                assert_int_equal(result, RC_OK);
                assert_int_equal(count, row[i].count);
                for (size_t k = 0; k < count; k++) {
                        struct merkle_hash want = of_base64(row[i].hash[k]);

                        assert_true(merkle_equal(&proof[k], &want));
                }
        }
}

static void the_frontier_has_the_root_of_the_definition_at_every_size(void **state)
{
        struct merkle_frontier f = { 0 };

        for (size_t n = 1; n <= SMALL; n++) {
                struct merkle_hash a, b;
                size_t size = n;
                struct merkle_reader reader = { node, &size };

                merkle_append(&f, &leaves[n - 1]);
                merkle_root(&f, &a);
                defined(leaves, n, &b);
                assert_true(merkle_equal(&a, &b));
                assert_int_equal(merkle_root_at(&cx, &reader, (int64_t)n, &a), RC_OK);
                assert_true(merkle_equal(&a, &b));
        }
}

/* What is wrong with a proof is found: one flipped bit in each hash, one hash less, one more at either end, one twice. */
typedef bool (*check)(const struct merkle_hash *proof, size_t count, const int64_t *at);

static struct merkle_hash root_at[SMALL + 1];

static bool inclusion_holds(const struct merkle_hash *proof, size_t count, const int64_t *at)
{
        return merkle_inclusion_check(&leaves[at[0]], at[0], at[1], proof, count, &root_at[at[1]]);
}

static bool consistency_holds(const struct merkle_hash *proof, size_t count, const int64_t *at)
{
        return merkle_consistency_check(at[0], &root_at[at[0]], at[1], &root_at[at[1]], proof, count);
}

static void wrong_ones_are_refused(check holds, const struct merkle_hash *proof, size_t count, const int64_t *at)
{
        struct merkle_hash bad[MERKLE_PROOF_MAX + 2];

        for (size_t i = 0; i < count; i++) {
                memcpy(bad, proof, count * sizeof(*proof));
                bad[i].b[i % MERKLE_SIZE] ^= (uint8_t)(1 << i % 8);
                assert_false(holds(bad, count, at));
        }
        if (count > 0) {
                assert_false(holds(proof, count - 1, at));
                assert_false(holds(proof + 1, count - 1, at));
                assert_false(holds(proof, 0, at));
        }
        memcpy(bad, proof, count * sizeof(*proof));
        bad[count] = root_at[at[1]];
        assert_false(holds(bad, count + 1, at)); /* trailing root */
        memcpy(bad + 1, proof, count * sizeof(*proof));
        bad[0] = root_at[at[1]];
        assert_false(holds(bad, count + 1, at)); /* leading garbage */
        bad[0] = leaves[0];
        assert_false(holds(bad, count + 1, at));
}

static void every_inclusion_proof_holds_and_no_other(void **state)
{
        for (int64_t n = 1; n <= SMALL; n++)
                for (int64_t i = 0; i < n; i++) {
                        size_t size = (size_t)n, count;
                        struct merkle_reader reader = { node, &size };
                        struct merkle_hash proof[MERKLE_PROOF_MAX];
                        int64_t at[2] = { i, n }, other[2] = { i, n };

                        assert_int_equal(merkle_inclusion(&cx, &reader, i, n, proof, &count), RC_OK);
                        assert_true(inclusion_holds(proof, count, at));
                        wrong_ones_are_refused(inclusion_holds, proof, count, at);
                        /* the right leaf under a wrong index, and out of the tree */
                        for (other[0] = 0; other[0] < n; other[0]++)
                                if (other[0] != i)
                                        assert_false(merkle_inclusion_check(&leaves[i], other[0], n, proof, count, &root_at[n]));
                        assert_false(merkle_inclusion_check(&leaves[i], n, n, proof, count, &root_at[n]));
                        assert_false(merkle_inclusion_check(&leaves[i], i + n, n, proof, count, &root_at[n]));
                        assert_false(merkle_inclusion_check(&leaves[i], -1, n, proof, count, &root_at[n]));
                        assert_false(merkle_inclusion_check(&leaves[i], i, 0, proof, count, &root_at[n]));
                        assert_false(merkle_inclusion_check(&leaves[(i + 1) % SMALL], i, n, proof, count, &root_at[n]));
                        /* the path says more than the size: double it, and the last hash is missing */
                        assert_false(merkle_inclusion_check(&leaves[i], i, n * 4, proof, count, &root_at[n]));
                }
}

static void every_consistency_proof_holds_and_no_other(void **state)
{
        for (int64_t n = 1; n <= SMALL; n++)
                for (int64_t old = 1; old <= n; old++) {
                        size_t size = (size_t)n, count;
                        struct merkle_reader reader = { node, &size };
                        struct merkle_hash proof[MERKLE_PROOF_MAX];
                        int64_t at[2] = { old, n };

                        assert_int_equal(merkle_consistency(&cx, &reader, old, n, proof, &count), RC_OK);
                        assert_true(consistency_holds(proof, count, at));
                        assert_true(old != n || count == 0);
                        wrong_ones_are_refused(consistency_holds, proof, count, at);
                        if (old < n) {
                                assert_false(merkle_consistency_check(old, &leaves[0], n, &root_at[n], proof, old == 1 ? 0 : count));
                                assert_false(merkle_consistency_check(old, &root_at[old], n, &root_at[old], proof, count));
                                assert_false(merkle_consistency_check(n, &root_at[old], old, &root_at[n], proof, count));
                        } else {
                                assert_false(merkle_consistency_check(old, &root_at[old], n, &leaves[(n + 3) % SMALL], proof, 0));
                        }
                        assert_false(merkle_consistency_check(0, &root_at[old], n, &root_at[n], proof, count));
                        assert_false(merkle_consistency_check(0, &root_at[old], n, &root_at[n], proof, 0));
                        assert_false(merkle_consistency_check(-1, &root_at[old], n, &root_at[n], proof, count));
                }
}

static void no_proof_is_made_of_what_is_not_there(void **state)
{
        size_t size = 5, count;
        struct merkle_reader reader = { node, &size };
        struct merkle_hash proof[MERKLE_PROOF_MAX];
        static const int64_t wrong[][2] = { { -1, 5 }, { 5, 5 }, { 6, 5 }, { 0, 0 } };

        for (size_t i = 0; i < COUNT(wrong); i++)
                assert_int_equal(merkle_inclusion(&cx, &reader, wrong[i][0], wrong[i][1], proof, &count), RC_INVALID);
        assert_int_equal(merkle_consistency(&cx, &reader, 0, 5, proof, &count), RC_INVALID);
        assert_int_equal(merkle_consistency(&cx, &reader, 6, 5, proof, &count), RC_INVALID);
}

static int start(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_EN };
        leaves_make();
        for (size_t n = 1; n <= SMALL; n++)
                defined(leaves, n, &root_at[n]);
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
                cmocka_unit_test(hashes_are_those_of_rfc_6962),
                cmocka_unit_test(the_reference_tree_of_certificate_transparency_has_its_root),
                cmocka_unit_test(our_own_tree_has_the_roots_written_down),
                cmocka_unit_test(our_own_proofs_are_those_written_down),
                cmocka_unit_test(the_frontier_has_the_root_of_the_definition_at_every_size),
                cmocka_unit_test(every_inclusion_proof_holds_and_no_other),
                cmocka_unit_test(every_consistency_proof_holds_and_no_other),
                cmocka_unit_test(no_proof_is_made_of_what_is_not_there),
        };

        return cmocka_run_group_tests(tests, start, stop);
}

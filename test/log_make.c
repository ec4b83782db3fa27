/* log_make.c - a whole signed log out of nothing, for the referee, the tests and the benchmark: log_make DIRECTORY COUNT SIZE… | --fork INDEX
 * COUNT entries, the seed of the key 32 zero bytes. For each SIZE also checkpoint.SIZE, request.SIZE (what a witness would be asked: the
 * consistency proof from there), and for the entry SIZE - 1 the receipt SIZE-1.tlog-proof. --fork: entries from INDEX on say something else.
 * Never installed. */
#include "base/house.h"

#include "base/fail.h"
#include "base/file.h"
#include "log/leaf.h"
#include "log/receipt.h"
#include "log/tree.h"
#include "log/witness.h"

#include <stdio.h>
#include <stdlib.h>

#define ORIGIN "daicho.example/t/1"

enum { SIZES_MAX = 32, BEGIN_S = 1767225600 };

static int64_t fork_at = INT64_MAX;

static str entry(struct arena *mem, int64_t i)
{
        uint8_t salted[SHA256_SIZE];
        struct leaf leaf = { .number = i + 1,
                             .time_us = ((int64_t)BEGIN_S + i) * 1000000 + i % 1000000,
                             .actor_kind = S("account"),
                             .actor_id = i % 97 + 1,
                             .actor = str_format(mem, "hanako%d", (int)(i % 97)),
                             .groups = S("営業部, 東京本社の管理者"),
                             .source = str_format(mem, "192.0.2.%d", (int)(i % 254 + 1)),
                             .verb = i % 3 ? S("view") : S("update"),
                             .kind = S("customers"),
                             .has_subject = true,
                             .subject = i * 7,
                             .result = i >= fork_at ? S("FORBIDDEN") : S("OK") };

        crypto_sha256(leaf.source, salted);
        leaf.commitment = (str){ (const char *)salted, sizeof(salted) };
        return leaf_write(mem, &leaf);
}

static rc put(struct cx *cx, const char *directory, const char *name, str bytes)
{
        return file_write(cx, str_format(cx->mem, "%s/%s", directory, name).p, bytes, 0644);
}

static str signed_at(struct cx *cx, const struct note_signer *log, int64_t size, const struct merkle_hash *root)
{
        struct checkpoint c = { .origin = S(ORIGIN), .size = size, .root = *root };
        str text = checkpoint_write(cx->mem, &c), line = note_sign(cx->mem, log, text, 0);

        return note_write(cx->mem, text, &line, 1);
}

static rc proofs(struct cx *cx, const char *directory, const struct note_signer *log, int64_t size, int64_t old, str note)
{
        struct tile_tree *tree = NEW(cx->mem, struct tile_tree);
        struct merkle_reader reader = tile_reader(tree);
        struct witness_request request = { .old = old, .note = note };
        struct receipt receipt = { .index = old - 1, .extra = entry(cx->mem, old - 1), .note = note };
        struct merkle_hash root;

        *tree = (struct tile_tree){ .size = size, .get = tile_file_get, .data = (void *)(uintptr_t)directory };
        TRY(merkle_root_at(cx, &reader, old, &root));
        TRY(merkle_consistency(cx, &reader, old, size, request.proof, &request.count));
        TRY(merkle_inclusion(cx, &reader, old - 1, size, receipt.proof, &receipt.count));
        TRY(put(cx, directory, str_format(cx->mem, "checkpoint.%ld", (long)old).p, signed_at(cx, log, old, &root)));
        TRY(put(cx, directory, str_format(cx->mem, "request.%ld", (long)old).p, witness_request_write(cx->mem, &request)));
        return put(cx, directory, str_format(cx->mem, "%ld.tlog-proof", (long)old - 1).p, receipt_write(cx->mem, &receipt));
}

static rc make(struct cx *cx, const char *directory, int64_t count, const int64_t *sizes, int size_count)
{
        static const uint8_t seed[ED25519_KEY_SIZE];
        struct note_signer log = note_signer_of(cx->mem, S(ORIGIN), NOTE_ED25519, seed);
        struct merkle_hash root;
        struct tree *tree;
        str note;

        merkle_empty(&root);
        TRY(file_directory(cx, directory, 0755));
        TRY(tree_open(cx, directory, 0, &root, &tree));
        for (int64_t i = 0; i < count; i++) {
                struct arena_mark mark = arena_mark(cx->mem);

                TRY(tree_add(cx, tree, entry(cx->mem, i)));
                arena_rewind(cx->mem, mark);
        }
        TRY(tree_flush(cx, tree));
        tree_root(tree, &root);
        note = signed_at(cx, &log, count, &root);
        TRY(put(cx, directory, "checkpoint", note));
        TRY(put(cx, directory, "vkey", str_format(cx->mem, "%.*s\n", STR_ARG(note_key_write(cx->mem, &log.key)))));
        for (int i = 0; i < size_count; i++)
                TRY(proofs(cx, directory, &log, count, sizes[i], note));
        return RC_OK;
}

int main(int argc, char **argv)
{
        struct cx cx = { .mem = arena_open(MB(256)), .lang = LANG_EN };
        int64_t count, sizes[SIZES_MAX];

        arena_current = cx.mem;
        if (argc < 3 || argc - 3 > SIZES_MAX || !str_int(str_of(argv[2]), &count))
                return 2;
        if (argc == 5 && strcmp(argv[3], "--fork") == 0)
                return str_int(str_of(argv[4]), &fork_at) && make(&cx, argv[1], count, NULL, 0) == RC_OK ? 0 : 1;
        for (int i = 3; i < argc; i++)
                if (!str_int(str_of(argv[i]), &sizes[i - 3]))
                        return 2;
        if (make(&cx, argv[1], count, sizes, argc - 3) == RC_OK)
                return 0;
        (void)fprintf(stderr, "%.*s\n", STR_ARG(cx.failure.problem[0].text));
        return 1;
}

/* Tests of arena.c. The same promises hold for its twin under AddressSanitizer, where every piece is a malloc of its own. */
#include "base/house.h"

#include "base/arena.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char told[64];

static void tell(void *p)
{
        size_t n = strlen(told);

        told[n] = *(const char *)p;
        told[n + 1] = '\0';
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
        struct arena *mem = arena_open(MB(64));
        char *piece[2000];

        for (size_t i = 0; i < 2000; i++) {
                size_t size = i * 37 % 900;

                piece[i] = arena_alloc(mem, size);
                assert_int_equal((uintptr_t)piece[i] % 16, 0);
                for (size_t k = 0; k < size; k++)
                        assert_int_equal(piece[i][k], 0);
                memset(piece[i], (int)(i & 127), size);
        }
        for (size_t i = 0; i < 2000; i++)
                for (size_t k = 0; k < i * 37 % 900; k++)
                        assert_int_equal(piece[i][k], (int)(i & 127));
        assert_true(arena_size(mem) >= 2000 * 400);
        arena_close(mem);
}

static void copies_and_grown_pieces_keep_what_they_held(void **state)
{
        struct arena *mem = arena_open(MB(64));
        char *p = arena_copy(mem, "abc", 4), *other;

        assert_string_equal(p, "abc");
        p = arena_grow(mem, p, 4, 100); /* in place */
        assert_string_equal(p, "abc");
        assert_int_equal(p[99], 0);
        other = arena_alloc(mem, 10);
        p = arena_grow(mem, p, 100, 300); /* moved */
        assert_true(p < other || p >= other + 10);
        assert_string_equal(p, "abc");
        assert_ptr_equal(arena_grow(mem, p, 300, 200), p);
        p = arena_grow(mem, p, 300, MB(3)); /* a block of its own */
        assert_string_equal(p, "abc");
        assert_int_equal(p[MB(3) - 1], 0);
        assert_non_null(arena_grow(mem, NULL, 0, 8));
        assert_non_null(arena_copy(mem, NULL, 0));
        assert_non_null(NEW_ARRAY(mem, int, 0));
        arena_close(mem);
}

static void deferred_calls_run_in_reverse_once(void **state)
{
        struct arena *mem = arena_open(MB(1));

        told[0] = '\0';
        arena_defer(mem, tell, (char[]){ "a" });
        arena_defer(mem, tell, (char[]){ "b" });
        arena_defer(mem, tell, (char[]){ "c" });
        arena_reset(mem);
        assert_string_equal(told, "cba");
        arena_defer(mem, tell, (char[]){ "d" });
        arena_close(mem);
        assert_string_equal(told, "cbad");
}

static void a_rewind_takes_back_what_came_after_its_mark_only(void **state)
{
        struct arena *mem = arena_open(MB(64));
        char *kept = arena_copy(mem, "kept", 5);
        struct arena_mark mark;

        told[0] = '\0';
        arena_defer(mem, tell, (char[]){ "1" });
        mark = arena_mark(mem);
        for (int round = 0; round < 3; round++) {
                size_t before = arena_size(mem);

                arena_defer(mem, tell, (char[]){ "2" });
                for (int i = 0; i < 200; i++)
                        memset(arena_alloc(mem, 10000), 1, 10000);
                arena_rewind(mem, mark);
                assert_int_equal(arena_size(mem), before);
                assert_int_equal(*(char *)arena_alloc(mem, 100), 0);
                arena_rewind(mem, mark);
        }
        assert_string_equal(told, "222");
        assert_string_equal(kept, "kept");
        mark = (struct arena_mark){ 0 }; /* of an arena still empty */
        arena_rewind(mem, mark);
        assert_string_equal(told, "2221");
        assert_int_equal(arena_size(mem), 0);
        arena_close(mem);
}

static void a_reset_arena_serves_the_next_unit_from_the_same_memory(void **state)
{
        struct arena *mem = arena_open(MB(64));
        size_t first;

        memset(arena_alloc(mem, 1000), 7, 1000);
        first = arena_size(mem);
        for (int unit = 0; unit < 100; unit++) {
                arena_reset(mem);
                assert_true(arena_size(mem) <= first);
                assert_int_equal(*(char *)arena_alloc(mem, 1000), 0);
        }
        (void)arena_alloc(mem, MB(10));
        arena_reset(mem);
        assert_true(arena_size(mem) <= MB(1));
        arena_current = mem;
        arena_close(mem);
        assert_null(arena_current);
}

static void up_to_its_cap_an_arena_gives(void **state)
{
        struct arena *mem = arena_open(KB(100));

        (void)arena_alloc(mem, KB(60));
        (void)arena_alloc(mem, KB(30));
        arena_close(mem);
}

/* In a child: the process must end there, by abort. */
static bool ends(void (*what)(void))
{
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
                (void)close(STDERR_FILENO);
                (void)signal(SIGABRT, SIG_DFL);
                what();
                _exit(0);
        }
        assert_true(waitpid(child, &status, 0) == child);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void over_cap(void)
{
        struct arena *mem = arena_open(KB(100));

        (void)arena_alloc(mem, KB(60));
        (void)arena_alloc(mem, KB(60));
}

static void much_over_cap(void)
{
        (void)arena_alloc(arena_open(KB(100)), SIZE_MAX - 1000);
}

static void overflowing_array(void)
{
        (void)arena_array(arena_open(KB(100)), SIZE_MAX / 2, 3);
}

static void overflowing_size(void)
{
        (void)arena_alloc(arena_open(KB(100)), SIZE_MAX - 3);
}

static void beyond_the_cap_or_the_numbers_the_process_ends(void **state)
{
        assert_true(ends(over_cap));
        assert_true(ends(much_over_cap));
        assert_true(ends(overflowing_array));
        assert_true(ends(overflowing_size));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
                cmocka_unit_test(copies_and_grown_pieces_keep_what_they_held),
                cmocka_unit_test(deferred_calls_run_in_reverse_once),
                cmocka_unit_test(a_rewind_takes_back_what_came_after_its_mark_only),
                cmocka_unit_test(a_reset_arena_serves_the_next_unit_from_the_same_memory),
                cmocka_unit_test(up_to_its_cap_an_arena_gives),
                cmocka_unit_test(beyond_the_cap_or_the_numbers_the_process_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

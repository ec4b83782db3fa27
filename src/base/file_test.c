/* Tests of file.c, in a directory of its own; a full disk by a limit on the size of files. */
#include "base/house.h"

#include "base/file.h"

#include "base/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct cx cx;
static char directory[] = "/tmp/file_test.XXXXXX";

static const char *in(const char *name)
{
        return str_format(cx.mem, "%s/%s", directory, name).p;
}

static void what_is_written_is_read(void **state)
{
        str back;

        assert_int_equal(file_write(&cx, in("a"), S("one"), 0600), RC_OK);
        assert_int_equal(file_write(&cx, in("a"), S("two\0three"), 0600), RC_OK);
        assert_int_equal(file_read(&cx, in("a"), 100, &back), RC_OK);
        assert_true(str_equal(back, S("two\0three")));
        assert_int_equal(file_write(&cx, in("empty"), S(""), 0640), RC_OK);
        assert_int_equal(file_read(&cx, in("empty"), 0, &back), RC_OK);
        assert_int_equal(back.n, 0);
}

static void a_file_in_the_working_directory_needs_no_slash(void **state)
{
        char *before = getcwd(NULL, 0);

        assert_int_equal(chdir(directory), 0);
        assert_int_equal(file_write(&cx, "plain", S("x"), 0600), RC_OK);
        assert_int_equal(chdir(before), 0);
        free(before);
        assert_int_equal(access(in("plain"), R_OK), 0);
}

static void what_cannot_be_read_says_why(void **state)
{
        str back;

        fail_clear(&cx);
        assert_int_equal(file_read(&cx, in("none"), 100, &back), RC_UNKNOWN);
        fail_clear(&cx);
        assert_int_equal(file_read(&cx, in("a"), 3, &back), RC_TOO_LARGE);
        fail_clear(&cx);
        assert_int_equal(file_read(&cx, directory, 3, &back), RC_INVALID);
        fail_clear(&cx);
        assert_int_equal(file_write(&cx, in("no/where"), S("x"), 0600), RC_UNKNOWN);
        fail_clear(&cx);
        assert_int_equal(file_write(&cx, directory, S("x"), 0600), RC_UNAVAILABLE);
        fail_clear(&cx);
        assert_int_equal(file_failed(&cx, "x", ENOSPC), RC_DISK_FULL);
        fail_clear(&cx);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
        struct rlimit before, small = { 4096, RLIM_INFINITY };
        char *much = arena_alloc(cx.mem, 10000);
        str back;

        assert_int_equal(file_write(&cx, in("kept"), S("old"), 0600), RC_OK);
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small.rlim_max = before.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        fail_clear(&cx);
        assert_int_equal(file_write(&cx, in("kept"), (str){ much, 10000 }, 0600), RC_DISK_FULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        fail_clear(&cx);
        assert_int_equal(file_read(&cx, in("kept"), 100, &back), RC_OK);
        assert_true(str_is(back, "old"));
}

static void moving_never_replaces_and_crosses_file_systems(void **state)
{
        const char *far = str_format(cx.mem, "/dev/shm/file_test.%d", (int)getpid()).p;
        str back;

        assert_int_equal(file_write(&cx, in("m1"), S("moved"), 0600), RC_OK);
        assert_int_equal(file_write(&cx, in("m2"), S("there"), 0600), RC_OK);
        fail_clear(&cx);
        assert_int_equal(file_move(&cx, in("m1"), in("m2")), RC_UNAVAILABLE);
        fail_clear(&cx);
        assert_int_equal(file_move(&cx, in("none"), in("m3")), RC_UNKNOWN);
        fail_clear(&cx);
        assert_int_equal(file_move(&cx, in("m1"), in("m3")), RC_OK);
        assert_int_equal(access(in("m1"), F_OK), -1);
        assert_int_equal(file_move(&cx, in("m3"), far), RC_OK);
        assert_int_equal(access(in("m3"), F_OK), -1);
        assert_int_equal(file_read(&cx, far, 100, &back), RC_OK);
        assert_true(str_is(back, "moved"));
        assert_int_equal(file_copy(&cx, far, in("m4")), RC_OK);
        fail_clear(&cx);
        assert_int_equal(file_copy(&cx, far, in("m4")), RC_UNAVAILABLE);
        fail_clear(&cx);
        assert_int_equal(file_copy(&cx, in("none"), in("m5")), RC_UNKNOWN);
        assert_int_equal(unlink(far), 0);
        fail_clear(&cx);
}

static void directories_are_made_with_those_above_them(void **state)
{
        struct stat st;

        assert_int_equal(file_directory(&cx, in("d/e/f"), 0700), RC_OK);
        assert_int_equal(file_directory(&cx, in("d/e/f"), 0700), RC_OK);
        assert_true(stat(in("d/e/f"), &st) == 0 && S_ISDIR(st.st_mode));
        assert_int_equal(file_directory(&cx, in("a/b"), 0700), RC_UNAVAILABLE);
        fail_clear(&cx);
        assert_int_equal(file_directory(&cx, "/proc/none/b", 0700), RC_UNKNOWN);
        fail_clear(&cx);
        assert_int_equal(file_directory(&cx, "/proc/none", 0700), RC_UNKNOWN);
        fail_clear(&cx);
}

static void a_scratch_file_has_no_name(void **state)
{
        struct arena_mark mark = arena_mark(cx.mem);
        int fd = -1;

        assert_int_equal(file_scratch(&cx, directory, &fd), RC_OK);
        assert_int_equal(write(fd, "x", 1), 1);
        arena_rewind(cx.mem, mark);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        assert_int_equal(file_scratch(&cx, in("none"), &fd), RC_UNKNOWN);
        fail_clear(&cx);
}

static void only_plain_names_are_safe(void **state)
{
        static const str good[] = { S("a"), S("A-b_c.9"), S("import") };
        static const str bad[] = { S(""), S("."), S(".."), S(".hidden"), S("a/b"), S("a b"), S("佐藤"), S("a\0b"), STR_NONE };
        char many[101];

        memset(many, 'a', sizeof(many));
        for (size_t i = 0; i < COUNT(good); i++)
                assert_true(file_name_safe(good[i]));
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(file_name_safe(bad[i]));
        assert_true(file_name_safe((str){ many, 100 }) && !file_name_safe((str){ many, 101 }));
        assert_true(file_path_safe(S("result/7.csv")) && !file_path_safe(S("result/../7")) && !file_path_safe(S("/etc")) && !file_path_safe(S("a/")));
        file_store_start("/store");
        assert_string_equal(file_store(), "/store");
        assert_string_equal(file_store_path(cx.mem, S("result/7.csv")), "/store/result/7.csv");
}

static void names_of_clients_become_names_for_people(void **state)
{
        static const struct {
                str name;
                const char *want;
        } table[] = {
                { S("顧客.csv"), "顧客.csv" },
                { S("C:\\Users\\佐藤\\a.csv"), "a.csv" },
                { S("../../etc/passwd"), "passwd" },
                { S(" ..a\"b*c\x07?.csv "), "abc.csv" },
                { S("..."), "file" },
                { S(""), "file" },
                { S("a/"), "file" },
                { S("x\xff\xc2\x85y"), "xy" },
                { S(" . b"), "b" },
        };
        char many[400];

        for (size_t i = 0; i < COUNT(table); i++)
                if (!str_is(file_name_clean(cx.mem, table[i].name), table[i].want))
                        fail_msg("%zu: %.*s", i, STR_ARG(file_name_clean(cx.mem, table[i].name)));
        memset(many, 'a', sizeof(many));
        assert_int_equal(file_name_clean(cx.mem, (str){ many, 400 }).n, 100);
}

static int open_arena(void **state)
{
        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
        return mkdtemp(directory) == NULL;
}

static int erase(const char *path, const struct stat *st, int kind, struct FTW *place)
{
        return remove(path);
}

static int close_arena(void **state)
{
        arena_close(cx.mem);
        return nftw(directory, erase, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(a_file_in_the_working_directory_needs_no_slash),
                cmocka_unit_test(what_cannot_be_read_says_why),
                cmocka_unit_test(a_full_disk_leaves_the_old_file),
                cmocka_unit_test(moving_never_replaces_and_crosses_file_systems),
                cmocka_unit_test(directories_are_made_with_those_above_them),
                cmocka_unit_test(a_scratch_file_has_no_name),
                cmocka_unit_test(only_plain_names_are_safe),
                cmocka_unit_test(names_of_clients_become_names_for_people),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}

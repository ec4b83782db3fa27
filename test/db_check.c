/* db_check.c - promises of db.h against a real server. Run by test/test_db.py: db_check CONNINFO TEST. The database is empty and ours (superuser). */
#include "base/house.h"

#include "base/fail.h"
#include "db/db.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const char *conninfo;

static struct cx *open_cx(void)
{
        static struct cx cx;

        cx = (struct cx){ .mem = arena_open(MB(256)), .lang = LANG_EN };
        assert_int_equal(db_open(&cx, conninfo, &cx.db), RC_OK);
        return &cx;
}

static void close_cx(struct cx *cx)
{
        db_close(cx->db);
        arena_close(cx->mem);
}

#define OK(e) assert_int_equal((e), RC_OK)
#define RUN(cx, sql) OK(db_run((cx), S(sql), NULL, 0, NULL))

static int64_t number(struct cx *cx, const char *sql)
{
        struct rows *rows;

        OK(db_run(cx, str_of(sql), NULL, 0, &rows));
        assert_int_equal(rows_count(rows), 1);
        return rows_int(rows, 0, 0);
}

static void assert_str(str s, const char *expected)
{
        assert_false(str_absent(s));
        assert_string_equal(s.p, expected);
        assert_int_equal(s.n, strlen(expected));
}

static void values_come_back_as_they_went(void **state)
{
        struct cx *cx = open_cx();
        const str list[] = { S("a\"b"), S("c,d"), S("\\"), STR_NONE, S("") };
        const str args[] = { S("山田"),  STR_NONE,
                             db_int(cx, INT64_MIN), db_bool(true),
                             db_time(cx, 1763781969123), db_bytes(cx, (str){ "\0\xff" "a", 3 }),
                             db_array(cx, list, COUNT(list)), S("") };
        struct rows *rows;
        str bytes;

        (void)state;
        OK(db_run(cx,
                  S("select $1::text as name, $2::text, $3::bigint, $4::boolean, $5::timestamptz, $6::bytea, "
                    "array_length($7::text[], 1), ($7::text[])[1] || ($7::text[])[3], ($7::text[])[4] is null, $8::text"),
                  args, COUNT(args), &rows));
        assert_int_equal(rows_columns(rows), 10);
        assert_str(rows_text(rows, 0, 0), "山田");
        assert_true(rows_null(rows, 0, 1));
        assert_true(str_absent(rows_text(rows, 0, 1)));
        assert_true(rows_int(rows, 0, 2) == INT64_MIN);
        assert_true(rows_bool(rows, 0, 3));
        assert_int_equal(rows_time(rows, 0, 4), 1763781969123);
        bytes = rows_bytes(cx, rows, 0, 5);
        assert_int_equal(bytes.n, 3);
        assert_memory_equal(bytes.p, "\0\xff" "a", 3);
        assert_int_equal(rows_int(rows, 0, 6), 5);
        assert_str(rows_text(rows, 0, 7), "a\"b\\");
        assert_true(rows_bool(rows, 0, 8));
        assert_str(rows_text(rows, 0, 9), "");
        close_cx(cx);
}

static void queued_statements_run_before_the_one_waited_for(void **state)
{
        struct cx *cx = open_cx();
        struct rows *first, *second;

        (void)state;
        RUN(cx, "create table queued (n int)");
        db_begin(cx);
        for (int i = 0; i < 1200; i++) {
                str arg = db_int(cx, i);

                db_queue(cx, S("insert into queued values ($1)"), &arg, 1);
        }
        assert_int_equal(number(cx, "select count(*) from queued"), 1200);
        db_queue(cx, S("delete from queued where n > 0"), NULL, 0);
        db_queue_read(cx, S("select max(n) from queued"), NULL, 0, &first);
        db_queue_read(cx, S("select 77"), NULL, 0, &second);
        OK(db_commit(cx));
        assert_int_equal(rows_int(first, 0, 0), 0);
        assert_int_equal(rows_int(second, 0, 0), 77);
        assert_int_equal(number(cx, "select count(*) from queued"), 1);
        RUN(cx, "drop table queued");
        close_cx(cx);
}

static void nothing_of_a_failed_transaction_stays(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        RUN(cx, "create table failed (n int constraint failed_n_check check (n > 0))");
        db_begin(cx);
        RUN(cx, "insert into failed values (1)");
        db_queue(cx, S("insert into failed values (-5)"), NULL, 0);
        db_queue(cx, S("insert into failed values (2)"), NULL, 0);
        assert_int_equal(db_run(cx, S("insert into failed values (3)"), NULL, 0, NULL), RC_INVALID);
        assert_string_equal(cx->failure.problem[0].item, "n");
        assert_null(strstr(cx->failure.problem[0].text.p, "5"));
        /* what follows is refused, and does not reach the table */
        fail_clear(cx);
        assert_int_equal(db_run(cx, S("insert into failed values (4)"), NULL, 0, NULL), RC_INTERNAL);
        assert_int_equal(db_commit(cx), RC_INTERNAL);
        fail_clear(cx);
        assert_false(db_in_transaction(cx));
        assert_int_equal(number(cx, "select count(*) from failed"), 0);
        RUN(cx, "insert into failed values (7)");
        assert_int_equal(number(cx, "select count(*) from failed"), 1);
        RUN(cx, "drop table failed");
        close_cx(cx);
}

static void a_failure_in_the_trip_of_commit_undoes_everything(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        RUN(cx, "create table late (n int unique deferrable initially deferred)");
        db_begin(cx);
        RUN(cx, "insert into late values (1)");
        db_queue(cx, S("insert into late values (1)"), NULL, 0);
        assert_int_equal(db_commit(cx), RC_CONFLICT);   /* at COMMIT itself */
        fail_clear(cx);
        assert_false(db_in_transaction(cx));
        db_begin(cx);
        RUN(cx, "insert into late values (1)");
        db_queue(cx, S("insert into late values (1/0)"), NULL, 0);
        assert_int_equal(db_commit(cx), RC_INVALID);    /* before COMMIT */
        fail_clear(cx);
        assert_int_equal(number(cx, "select count(*) from late"), 0);
        /* the same without a transaction: queue and statement are one */
        db_queue(cx, S("insert into late values (1)"), NULL, 0);
        assert_int_equal(db_run(cx, S("insert into late values (1)"), NULL, 0, NULL), RC_CONFLICT);
        fail_clear(cx);
        assert_int_equal(number(cx, "select count(*) from late"), 0);
        RUN(cx, "drop table late");
        close_cx(cx);
}

static void rollback_drops_what_was_queued(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        RUN(cx, "create table dropped (n int)");
        db_begin(cx);
        db_rollback(cx);
        db_begin(cx);
        db_queue(cx, S("insert into dropped values (1)"), NULL, 0);
        db_rollback(cx);
        db_begin(cx);
        db_queue(cx, S("insert into dropped values (1/0)"), NULL, 0);
        db_rollback(cx);
        assert_int_equal(cx->failure.code, RC_OK);
        assert_int_equal(number(cx, "select count(*) from dropped"), 0);
        db_begin(cx);
        OK(db_commit(cx));      /* nothing to do, no trip */
        RUN(cx, "drop table dropped");
        close_cx(cx);
}

static void more_statements_than_the_cache_holds_work_and_are_given_back(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < 700; i++)
                        assert_int_equal(number(cx, str_format(cx->mem, "select %d", i).p), i);
        assert_in_range(number(cx, "select count(*) from pg_prepared_statements"), 400, 512);
        close_cx(cx);
}

static void the_cache_survives_failed_trips(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        for (int i = 0; i < 600; i++) {
                /* the second is never prepared, what the third would throw out is never deallocated */
                db_queue(cx, S("select 1/0"), NULL, 0);
                db_queue(cx, str_format(cx->mem, "select %d", i), NULL, 0);
                assert_int_equal(db_run(cx, str_format(cx->mem, "select %d, 2", i), NULL, 0, NULL), RC_INVALID);
                fail_clear(cx);
                assert_int_equal(number(cx, str_format(cx->mem, "select %d", i).p), i);
        }
        for (int i = 0; i < 600; i++)
                assert_int_equal(number(cx, str_format(cx->mem, "select %d", i).p), i);
        assert_in_range(number(cx, "select count(*) from pg_prepared_statements"), 100, 512 + 33);
        close_cx(cx);
}

static void each_tenant_reads_its_own_schema(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        RUN(cx, "create schema t_aa");
        RUN(cx, "create schema t_bb");
        RUN(cx, "create table t_aa.thing as select 1 as n");
        RUN(cx, "create table t_bb.thing as select 2 as n");
        for (int i = 0; i < 4; i++) {
                cx->tenant = i % 2 ? S("bb") : S("aa");
                assert_int_equal(number(cx, "select n from tenant.thing where 'tenant.x' <> ''"), i % 2 + 1);
                assert_int_equal(number(cx, "select 5"), 5);
        }
        OK(db_script(cx, S("create function tenant.f() returns int language sql as $$ select n from tenant.thing $$; select 1")));
        assert_int_equal(number(cx, "select tenant.f()"), 2);
        cx->tenant = STR_NONE;
        RUN(cx, "drop schema t_aa cascade");
        RUN(cx, "drop schema t_bb cascade");
        close_cx(cx);
}

static void a_changed_table_is_a_passing_trouble(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        RUN(cx, "create table shape (a int)");
        RUN(cx, "insert into shape values (1)");
        assert_int_equal(number(cx, "select * from shape"), 1);
        OK(db_script(cx, S("alter table shape alter a type text")));
        assert_int_equal(db_run(cx, S("select * from shape"), NULL, 0, NULL), RC_BUSY);
        fail_clear(cx);
        assert_int_equal(number(cx, "select * from shape"), 1);
        RUN(cx, "drop table shape");
        close_cx(cx);
}

static void copy_goes_in_and_out(void **state)
{
        struct cx *cx = open_cx();
        int64_t rows, seen = 0;
        str row;

        (void)state;
        db_begin(cx);
        db_queue(cx, S("create table copied (n int, t text)"), NULL, 0);
        OK(db_copy_in(cx, S("copy copied from stdin")));
        for (int i = 0; i < 50000; i++) {
                str line = str_format(cx->mem, "%d\tあいう\n", i);

                OK(db_copy_write(cx, line.p, line.n));
        }
        OK(db_copy_in_end(cx, &rows));
        assert_int_equal(rows, 50000);
        assert_int_equal(number(cx, "select sum(n) from copied"), 1249975000);
        OK(db_copy_out(cx, S("copy copied to stdout")));
        for (;;) {
                OK(db_copy_read(cx, &row));
                if (str_absent(row))
                        break;
                if (seen++ == 49999)
                        assert_str(row, "49999\tあいう\n");
        }
        assert_int_equal(seen, 50000);
        /* left half way */
        OK(db_copy_out(cx, S("copy copied to stdout")));
        OK(db_copy_read(cx, &row));
        db_rollback(cx);
        assert_int_equal(number(cx, "select count(*) from pg_class where relname = 'copied'"), 0);
        close_cx(cx);
}

static void a_bad_row_in_copy_is_named_by_line_and_column(void **state)
{
        struct cx *cx = open_cx();
        const char *text = "1\tx\n2\ty\nthree\tz\n";
        int64_t rows;

        (void)state;
        RUN(cx, "create table copy_bad (n int, t text)");
        db_begin(cx);
        OK(db_copy_in(cx, S("copy copy_bad from stdin")));
        OK(db_copy_write(cx, text, strlen(text)));
        assert_int_equal(db_copy_in_end(cx, &rows), RC_INVALID);
        assert_int_equal(cx->failure.problem[0].line, 3);
        assert_string_equal(cx->failure.problem[0].item, "n");
        assert_null(strstr(cx->failure.problem[0].text.p, "three"));
        fail_clear(cx);
        db_rollback(cx);
        db_begin(cx);
        OK(db_copy_in(cx, S("copy copy_bad from stdin")));
        OK(db_copy_write(cx, "1\tx\n", 4));
        db_rollback(cx);
        db_begin(cx);
        assert_int_equal(db_copy_in(cx, S("copy nowhere from stdin")), RC_INTERNAL);
        fail_clear(cx);
        db_rollback(cx);
        assert_int_equal(number(cx, "select count(*) from copy_bad"), 0);
        RUN(cx, "drop table copy_bad");
        close_cx(cx);
}

static void a_script_is_all_or_nothing(void **state)
{
        struct cx *cx = open_cx();

        (void)state;
        assert_int_equal(db_script(cx, S("create table scripted (n int); select nonsense")), RC_INTERNAL);
        assert_true(str_starts(str_of(db_refusal(cx)), S("42703 ")));
        fail_clear(cx);
        assert_int_equal(number(cx, "select count(*) from pg_class where relname = 'scripted'"), 0);
        OK(db_script(cx, S("create table scripted (n int); insert into scripted values (1)")));
        db_begin(cx);
        OK(db_script(cx, S("insert into scripted values (2); insert into scripted values (3)")));
        assert_int_equal(number(cx, "select count(*) from scripted"), 3);
        db_rollback(cx);
        assert_int_equal(number(cx, "select count(*) from scripted"), 1);
        RUN(cx, "drop table scripted");
        close_cx(cx);
}

static void a_lost_connection_is_refused_then_opened_again(void **state)
{
        struct cx *cx = open_cx(), other = { .mem = arena_open(MB(8)) };
        str pid;

        (void)state;
        OK(db_open(&other, conninfo, &other.db));
        for (int i = 0; i < 3; i++) {
                if (i == 1)
                        db_begin(cx);
                pid = db_int(cx, number(cx, "select pg_backend_pid()"));
                OK(db_run(&other, S("select pg_terminate_backend($1::int, 5000)"), &pid, 1, NULL));
                if (i == 2) {           /* between units: the owner does not notice */
                        OK(db_ensure(cx));
                        assert_int_equal(number(cx, "select 8"), 8);
                        continue;
                }
                assert_int_equal(db_run(cx, S("select 1"), NULL, 0, NULL), RC_UNAVAILABLE);
                fail_clear(cx);
                assert_int_not_equal(db_run(cx, S("select 1"), NULL, 0, NULL), RC_OK);
                fail_clear(cx);
                OK(db_ensure(cx));
                assert_false(db_in_transaction(cx));
                assert_int_equal(number(cx, "select 7"), 7);
        }
        db_close(other.db);
        arena_close(other.mem);
        close_cx(cx);
}

static void a_notification_wakes_the_one_who_waits(void **state)
{
        struct cx *cx = open_cx(), other = { .mem = arena_open(MB(8)) };

        (void)state;
        OK(db_open(&other, conninfo, &other.db));
        RUN(cx, "listen bell");
        assert_false(db_wait(cx, 10));
        RUN(&other, "notify bell");
        assert_true(db_wait(cx, 5000));
        assert_false(db_wait(cx, 10));
        RUN(&other, "notify bell");
        OK(db_ensure(cx));
        assert_true(db_wait(cx, 5000));         /* read by db_ensure already, still told */
        db_close(other.db);
        arena_close(other.mem);
        close_cx(cx);
}

static void limits_of_time_are_told_apart(void **state)
{
        struct cx *cx = open_cx(), other = { .mem = arena_open(MB(8)), .lang = LANG_EN };

        (void)state;
        OK(db_open(&other, conninfo, &other.db));
        RUN(cx, "set statement_timeout = 20");
        assert_int_equal(db_run(cx, S("select pg_sleep(5)"), NULL, 0, NULL), RC_BUSY);
        fail_clear(cx);
        RUN(cx, "set statement_timeout = 0");
        RUN(cx, "set lock_timeout = 20");
        RUN(cx, "create table locked (n int)");
        db_begin(&other);
        RUN(&other, "lock table locked");
        assert_int_equal(db_run(cx, S("select * from locked"), NULL, 0, NULL), RC_BUSY);
        fail_clear(cx);
        db_rollback(&other);
        RUN(cx, "drop table locked");
        db_close(other.db);
        arena_close(other.mem);
        close_cx(cx);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_come_back_as_they_went),
                cmocka_unit_test(queued_statements_run_before_the_one_waited_for),
                cmocka_unit_test(nothing_of_a_failed_transaction_stays),
                cmocka_unit_test(a_failure_in_the_trip_of_commit_undoes_everything),
                cmocka_unit_test(rollback_drops_what_was_queued),
                cmocka_unit_test(more_statements_than_the_cache_holds_work_and_are_given_back),
                cmocka_unit_test(the_cache_survives_failed_trips),
                cmocka_unit_test(each_tenant_reads_its_own_schema),
                cmocka_unit_test(a_changed_table_is_a_passing_trouble),
                cmocka_unit_test(copy_goes_in_and_out),
                cmocka_unit_test(a_bad_row_in_copy_is_named_by_line_and_column),
                cmocka_unit_test(a_script_is_all_or_nothing),
                cmocka_unit_test(a_lost_connection_is_refused_then_opened_again),
                cmocka_unit_test(a_notification_wakes_the_one_who_waits),
                cmocka_unit_test(limits_of_time_are_told_apart),
        };

        if (argc < 2)
                return 2;
        conninfo = argv[1];
        if (argc > 2)
                cmocka_set_test_filter(argv[2]);
        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* match_test.c - which route an address means, what it may not be; languages; addresses to return to. */
#include "base/house.h"

#include "gate/match.h"

#include "base/fail.h"
#include "gate/face.h"

#include <setjmp.h>
#include <cmocka.h>

static rc handler(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return RC_OK;
}

/* clang-format off */
static const struct route first[] = {
        ROUTE( GET,    "/",                             PERM_NONE, LOG_VIEW, 0,     NORMAL, handler, "home", .face = FACE_CONSOLE ),
        ROUTE( GET,    "/things",                       PERM_NONE, LOG_LIST, 0,     NORMAL, handler, "list" ),
        ROUTE( POST,   "/things",                       PERM_NONE, LOG_LIST, KB(4), NORMAL, handler, "create" ),
        ROUTE( GET,    "/things/{id}",                  PERM_NONE, LOG_VIEW, 0,     NORMAL, handler, "one" ),
        ROUTE( PATCH,  "/things/{id}",                  PERM_NONE, LOG_VIEW, KB(9), NORMAL, handler, "change" ),
        ROUTE_END
};
/* clang-format on */
/* clang-format off */
static const struct route second[] = {
        ROUTE( GET,    "/things/new",                   PERM_NONE, LOG_VIEW, 0,     NORMAL, handler, "new", .face = FACE_CONSOLE ),
        ROUTE( GET,    "/things/{id}/parts/{part}",     PERM_NONE, LOG_VIEW, 0,     NORMAL, handler, "part" ),
        ROUTE_END
};
/* clang-format on */

static struct cx cx;

static int open_cx(void **state)
{
        static const struct route *const tables[] = { first, second, NULL };

        cx = (struct cx){ .mem = arena_open(MB(4)), .lang = LANG_EN };
        match_start(tables);
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static rc find(enum http_method method, enum face face, const char *path, struct http_req *req, const struct route **ret)
{
        static char allow[MATCH_METHODS_ALLOW];

        *req = (struct http_req){ .method = method };
        fail_clear(&cx);
        return match_find(&cx, req, face, str_of(path), ret, allow);
}

static void addresses_find_their_route(void **state)
{
        static const struct {
                enum http_method method;
                enum face face;
                const char *path;
                rc code;
                const char *summary;
        } cases[] = {
                { HTTP_GET, FACE_CONSOLE, "/", RC_OK, "home" },
                { HTTP_GET, FACE_API, "/", RC_UNKNOWN, NULL },
                { HTTP_GET, FACE_API, "/things", RC_OK, "list" },
                { HTTP_GET, FACE_API, "/things/7", RC_OK, "one" },
                { HTTP_GET, FACE_CONSOLE, "/things/new", RC_OK, "new" }, /* a word before an argument */
                { HTTP_GET, FACE_API, "/things/new", RC_OK, "one" },     /* the console's page is not there for programs */
                { HTTP_PATCH, FACE_CONSOLE, "/things/new", RC_OK, "change" },
                { HTTP_DELETE, FACE_API, "/things/7", RC_METHOD, NULL },
                { HTTP_GET, FACE_API, "/things/7/parts/a b", RC_OK, "part" },
                { HTTP_GET, FACE_API, "/things/", RC_UNKNOWN, NULL },
                { HTTP_GET, FACE_API, "//things", RC_UNKNOWN, NULL },
                { HTTP_GET, FACE_API, "/things/7/parts/", RC_UNKNOWN, NULL },
                { HTTP_GET, FACE_API, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t", RC_UNKNOWN, NULL },
                { HTTP_GET, FACE_API, "/Things", RC_UNKNOWN, NULL },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                struct http_req req;
                const struct route *route = NULL;

                if (find(cases[i].method, cases[i].face, cases[i].path, &req, &route) != cases[i].code)
                        fail_msg("%s", cases[i].path);
                if (cases[i].code == RC_OK)
                        assert_string_equal(route->summary, cases[i].summary);
        }
}

static void arguments_are_handed_on(void **state)
{
        struct http_req req;
        const struct route *route;

        assert_int_equal(find(HTTP_GET, FACE_API, "/things/12/parts/左", &req, &route), RC_OK);
        assert_true(str_is(http_arg(&req, "id"), "12"));
        assert_true(str_is(http_arg(&req, "part"), "左"));
        assert_true(str_absent(http_arg(&req, "other")));
}

static void a_wrong_method_tells_the_right_ones(void **state)
{
        char allow[MATCH_METHODS_ALLOW];
        struct http_req req = { .method = HTTP_DELETE };
        const struct route *route;

        assert_int_equal(match_find(&cx, &req, FACE_API, S("/things/1"), &route, allow), RC_METHOD);
        assert_string_equal(allow, "GET, PATCH");
}

static void the_largest_body_of_an_address_is_known(void **state)
{
        size_t body;
        int64_t file;

        match_limits(S("/things/1"), &body, &file);
        assert_int_equal(body, KB(9));
        match_limits(S("/nothing"), &body, &file);
        assert_int_equal(body, 0);
}

static void faces_are_told_by_prefix(void **state)
{
        str path;

        assert_int_equal(match_face(S("/api/v1/things"), &path), FACE_API);
        assert_true(str_is(path, "/things"));
        assert_int_equal(match_face(S("/api/v1things"), &path), FACE_CONSOLE);
        assert_int_equal(match_face(S("/things"), &path), FACE_CONSOLE);
        assert_true(str_is(path, "/things"));
}

static void languages_follow_the_reader(void **state)
{
        static const struct {
                const char *header;
                enum lang lang;
        } cases[] = {
                { NULL, LANG_JA },
                { "", LANG_JA },
                { "en", LANG_EN },
                { "en-GB,en;q=0.9", LANG_EN },
                { "ja,en;q=0.9", LANG_JA },
                { "en;q=0.3, ja;q=0.8", LANG_JA },
                { "fr,de;q=0.9", LANG_JA },
                { "fr, en;q=0.5", LANG_EN },
                { "EN-us", LANG_EN },
                { "english", LANG_JA },
                { "*", LANG_JA },
                { "en;q=0", LANG_JA },
                { "en;q=1.000,ja;q=0.999", LANG_EN },
                { ",,;;q=,", LANG_JA },
        };

        for (size_t i = 0; i < COUNT(cases); i++)
                if (face_lang(str_of(cases[i].header)) != cases[i].lang)
                        fail_msg("%s", cases[i].header);
}

static void only_addresses_of_this_house_are_returned_to(void **state)
{
        static const char *const good[] = { "/", "/registers/customers/records?q=%E6%9D%B1&limit=50" };
        static const char *const bad[] = { "",    "//evil.example/", "/\\evil", "https://evil.example/", "registers", "/a\nb", "/a b",
                                           "/東", "javascript:1" };

        for (size_t i = 0; i < COUNT(good); i++)
                assert_true(gate_address_safe(str_of(good[i])));
        for (size_t i = 0; i < COUNT(bad); i++)
                assert_false(gate_address_safe(str_of(bad[i])));
        assert_false(gate_address_safe(STR_NONE));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cx, close_cx)
        const struct CMUnitTest tests[] = {
                CASE(addresses_find_their_route),
                CASE(arguments_are_handed_on),
                CASE(a_wrong_method_tells_the_right_ones),
                CASE(the_largest_body_of_an_address_is_known),
                CASE(faces_are_told_by_prefix),
                CASE(languages_follow_the_reader),
                CASE(only_addresses_of_this_house_are_returned_to),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

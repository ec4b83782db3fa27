/* internet_test.c - addresses of the public Internet, and all the others. */
#include "base/house.h"

#include "http/internet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <cmocka.h>

static bool is_public(const char *text, bool *ret_loopback)
{
        struct sockaddr_in four = { .sin_family = AF_INET };
        struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
        const struct sockaddr *a = (const struct sockaddr *)&four;

        if (inet_pton(AF_INET, text, &four.sin_addr) != 1) {
                assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
                a = (const struct sockaddr *)&six;
        }
        *ret_loopback = internet_loopback(a);
        return internet_public(a);
}

static void only_what_is_given_out_to_everybody_is_public(void **state)
{
        static const char *const open[] = { "8.8.8.8",         "1.1.1.1",        "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
                                            "100.128.0.0",     "172.15.255.255", "172.32.0.0",      "192.167.255.255", "192.169.0.0",
                                            "198.17.255.255",  "198.20.0.0",     "223.255.255.255", "126.255.255.255", "128.0.0.0",
                                            "169.253.255.255", "169.255.0.0",    "2606:4700::1111", "2001:200::1",     "2400:4050::1",
                                            "3ffe::1" };
        static const char *const closed[] = { "0.0.0.0",
                                              "0.255.255.255",
                                              "10.0.0.0",
                                              "10.255.255.255",
                                              "100.64.0.0",
                                              "100.127.255.255",
                                              "127.0.0.1",
                                              "127.255.255.255",
                                              "169.254.169.254",
                                              "172.16.0.0",
                                              "172.31.255.255",
                                              "192.0.0.1",
                                              "192.0.2.7",
                                              "192.88.99.1",
                                              "192.168.0.1",
                                              "198.18.0.1",
                                              "198.19.255.255",
                                              "198.51.100.1",
                                              "203.0.113.9",
                                              "224.0.0.1",
                                              "240.0.0.1",
                                              "255.255.255.255",
                                              "::",
                                              "::1",
                                              "::ffff:8.8.8.8",
                                              "::ffff:10.0.0.1",
                                              "::8.8.8.8",
                                              "64:ff9b::8.8.8.8",
                                              "64:ff9b:1::1",
                                              "100::1",
                                              "2001::1",
                                              "2001:db8::1",
                                              "2002:0a00:0001::1",
                                              "fc00::1",
                                              "fdff::1",
                                              "fe80::1",
                                              "fec0::1",
                                              "ff02::1",
                                              "3fff::1",
                                              "2001:10::1" };
        bool loopback;

        for (size_t i = 0; i < COUNT(open); i++) {
                assert_true(is_public(open[i], &loopback));
                assert_false(loopback);
        }
        for (size_t i = 0; i < COUNT(closed); i++)
                assert_false(is_public(closed[i], &loopback));
        assert_false(is_public("127.3.2.1", &loopback));
        assert_true(loopback);
        assert_false(is_public("::1", &loopback));
        assert_true(loopback);
}

static bool lies(const char *range, const char *text)
{
        struct sockaddr_in four = { .sin_family = AF_INET };
        struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
        struct internet_range r;

        assert_true(internet_range_read(str_of(range), &r));
        if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
                return internet_within((const struct sockaddr *)&four, &r, 1);
        assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
        return internet_within((const struct sockaddr *)&six, &r, 1);
}

static void an_address_lies_in_a_range_or_not(void **state)
{
        static const char *const none[] = { "", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "::1/129", "x:/8", "/8" };
        const struct sockaddr other = { .sa_family = AF_UNIX };
        struct internet_range r;

        assert_true(lies("10.0.0.0/8", "10.255.255.255"));
        assert_false(lies("10.0.0.0/8", "11.0.0.0"));
        assert_true(lies("192.168.16.0/20", "192.168.31.255"));
        assert_false(lies("192.168.16.0/20", "192.168.32.0"));
        assert_true(lies("127.0.0.1/32", "127.0.0.1"));
        assert_false(lies("127.0.0.1/32", "127.0.0.2"));
        assert_false(lies("127.0.0.1/32", "::ffff:127.0.0.1"));
        assert_true(lies("fd00::/9", "fd7f::1"));
        assert_false(lies("fd00::/9", "fd80::1"));
        assert_true(lies("0.0.0.0/0", "8.8.8.8"));
        for (size_t i = 0; i < COUNT(none); i++)
                assert_false(internet_range_read(str_of(none[i]), &r));
        assert_true(internet_range_read(S("10.0.0.0/8"), &r));
        assert_false(internet_within(&other, &r, 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(only_what_is_given_out_to_everybody_is_public),
                                            cmocka_unit_test(an_address_lies_in_a_range_or_not) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

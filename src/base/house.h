/* house.h - the first include of every file: standard types, the two ways to fail, and nothing else. */
#ifndef DAICHO_BASE_HOUSE_H
#define DAICHO_BASE_HOUSE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int64_t msec; /* milliseconds; as a point in time: since 1970-01-01 00:00 UTC */

/* A refusal is a value. The codes, their HTTP and exit status and default text stand in rc.tbl. */
typedef enum {
#define RC(name, http, exit, text) RC_##name,
#include "base/rc.tbl"
#undef RC
        RC_END
} rc;

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN          __attribute__((noreturn))
#define UNUSED            __attribute__((unused))

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define KB(n)             ((size_t)(n) << 10)
#define MB(n)             ((size_t)(n) << 20)

/* The only macro that may return: hands a refusal to the caller. */
#define TRY(e)                                                                                                                                       \
        do {                                                                                                                                         \
                rc try_rc_ = (e);                                                                                                                    \
                if (try_rc_ != RC_OK)                                                                                                                \
                        return try_rc_;                                                                                                              \
        } while (0)

/* A bug or no memory: one line on stderr, abort; the parent starts a new worker, the client gets 502. */
NORETURN void panic(const char *file, int line, const char *what);
#define panic(what) panic(__FILE__, __LINE__, (what))
#define must(x)                                                                                                                                      \
        do {                                                                                                                                         \
                if (__builtin_expect(!(x), 0))                                                                                                       \
                        panic("must: " #x);                                                                                                          \
        } while (0)

#endif

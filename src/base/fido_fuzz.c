/* fido_fuzz.c - any bytes as attestation, client data, authenticator data or signature: refused in one sentence, or read within bounds.
 * First byte: which of them the rest is. */
#include "base/house.h"

#include "base/fido.h"

#include "base/fail.h"
#include "base/json.h"

#define CLIENT(type)                                                                                                                                 \
        "{\"type\":\"webauthn." type "\",\"challenge\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\",\"origin\":\"https://daicho.example:8443\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        struct fido_question q = { S("daicho.example"),
                                   S("https://daicho.example:8443"),
                                   { "0123456789abcdef0123456789abcdef", FIDO_CHALLENGE_SIZE } };
        /* generator point of P-256 */
        struct fido_key key = { .credential = S("c"),
                                .public_key = { "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4"
                                                "\xa1\x39\x45\xd8\x98\xc2\x96"
                                                "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb"
                                                "\xb6\x40\x68\x37\xbf\x51\xf5",
                                                64 },
                                .algorithm = FIDO_ES256 };
        struct fido_key made;
        str rest = { (const char *)data + 1, size ? size - 1 : 0 };
        int64_t count;
        rc result;

        if (size == 0 || size > KB(16)) {
                arena_close(cx.mem);
                return 0;
        }
        json_start();
        arena_current = cx.mem;
        if (data[0] % 4 == 0)
                result = fido_register(&cx, &q, S(CLIENT("create")), rest, &made);
        else if (data[0] % 4 == 1)
                result = fido_register(&cx, &q, rest, S("\xa0"), &made);
        else if (data[0] % 4 == 2)
                result = fido_assert(&cx, &q, &key, S(CLIENT("get")), rest, S("0"), &count);
        else
                result = fido_assert(&cx, &q, &key, S(CLIENT("get")),
                                     S("\xb0\x03\x4e\xff\x7e\x0c\xf3\x06\x7c\x4f\xc5\xda\xb2\x9b\x20\xa6\x7b\xef\x7a\x5f\xbd\xbc\x87\xeb\x57\x7a\x49"
                                       "\x94\x19\xa3\x47\x78"
                                       "\x05\x00\x00\x00\x01"),
                                     rest, &count);
        must(result == RC_OK || (result == RC_INVALID && cx.failure.count == 1));
        if (result == RC_OK && data[0] % 4 == 0)
                must(made.credential.n > 0 && made.credential.n <= FIDO_CREDENTIAL_MAX && made.public_key.n > 0);
        arena_close(cx.mem);
        return 0;
}

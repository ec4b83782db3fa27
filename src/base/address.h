/* address.h - ranges of IP addresses as people type them, in one canonical form: "192.0.2.0/24", "2001:db8::/32". RFC 4632, RFC 5952.
 * An IPv4 address in IPv6 clothes ("::ffff:192.0.2.7") is that IPv4 address. Whether an address lies in a range the database says
 * (daicho.address_within). */
#ifndef DAICHO_BASE_ADDRESS_H
#define DAICHO_BASE_ADDRESS_H

#include "base/cx.h"

enum { ADDRESS_RANGES_MAX = 200 };

/* One range, or one address (then /32 or /128). RC_INVALID about `item`: no address, bits set behind the prefix (the sentence says what may have been
 * meant), a range of everything. */
rc address_range(struct cx *cx, str text, const char *item, str *ret) MUST_USE;
/* Several, parted by spaces, commas or line ends; each once, in the order given; at most ADDRESS_RANGES_MAX. All wrong ones are told. */
rc address_list(struct cx *cx, str text, const char *item, str **ret, size_t *ret_count) MUST_USE;

#endif

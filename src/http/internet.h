/* internet.h - is an address one of the public Internet? What is not (this machine, private networks, link-local, documentation, multicast, and IPv4
 * hidden in IPv6) is never asked on behalf of a setting that people typed. Registries: IANA special-purpose IPv4 and IPv6 addresses. */
#ifndef DAICHO_HTTP_INTERNET_H
#define DAICHO_HTTP_INTERNET_H

#include "base/str.h"

struct sockaddr;

/* Of addresses, as base/address.h writes them: "192.0.2.0/24", "2001:db8::/32". False: it is none. */
struct internet_range {
        uint8_t bytes[16];
        int bits;
        bool six;
};
bool internet_range_read(str text, struct internet_range *ret);

bool internet_public(const struct sockaddr *address);
bool internet_loopback(const struct sockaddr *address);
/* Does it lie in one of these? IPv4 hidden in IPv6 lies in none of IPv4's. */
bool internet_within(const struct sockaddr *address, const struct internet_range *ranges, size_t count);

#endif

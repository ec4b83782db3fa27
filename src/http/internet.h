/* internet.h - is an address one of the public Internet? What is not (this machine, private networks, link-local, documentation, multicast, and IPv4
 * hidden in IPv6) is never asked on behalf of a setting that people typed. Registries: IANA special-purpose IPv4 and IPv6 addresses. */
#ifndef DAICHO_HTTP_INTERNET_H
#define DAICHO_HTTP_INTERNET_H

#include "base/house.h"

struct sockaddr;

bool internet_public(const struct sockaddr *address);
bool internet_loopback(const struct sockaddr *address);

#endif

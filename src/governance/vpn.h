/* vpn.h - the log of a VPN: who was connected, from when to when, and which address they had inside. CSV (RFC 4180, UTF-8) with the heading
 * user,address,from,to; times as RFC 3339 with a zone, `to` empty while somebody is connected. What a gateway writes itself is turned into it by a few
 * lines of its administrator (doc/maintenance.md). */
#ifndef DAICHO_GOVERNANCE_VPN_H
#define DAICHO_GOVERNANCE_VPN_H

#include "base/json.h"

enum { VPN_SIZE_MAX = 2 << 20, VPN_LINES_MAX = 20000, VPN_USER_MAX = 100 };

/* The whole file at fd. *ret: [{username, address, from_at, to_at: text | null}], *ret_until: the latest time in it. RC_INVALID: every line that cannot be
 * read, and nothing is given; RC_TOO_LARGE. */
rc vpn_read(struct cx *cx, int fd, json_t **ret, msec *ret_until) MUST_USE;

#endif

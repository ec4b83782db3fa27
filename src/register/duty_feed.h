/* duty_feed.h - somebody's duties as a calendar (RFC 5545) for programs that know no log-in: by a key of its own in the address, which its owner makes and
 * revokes. It tells what is due and when, and what names the records as accounts see it that may not see personal items: calendars are read elsewhere. */
#ifndef DAICHO_REGISTER_DUTY_FEED_H
#define DAICHO_REGISTER_DUTY_FEED_H

#include "base/json.h"

/* A new key, told once; the one before is gone. RC_FORBIDDEN: no person. */
rc duty_feed_make(struct cx *cx, str *ret_key) MUST_USE;
rc duty_feed_revoke(struct cx *cx) MUST_USE;
/* {made_at, used_at}; JSON null: there is none. */
rc duty_feed_mine(struct cx *cx, json_t **ret) MUST_USE;
/* By an auth process, outside of any contract: whose it is, and what is due. RC_UNKNOWN: not a key that is good here. */
struct duty_feed {
        str tenant, login;
        int64_t account;
        const struct duty_feed_entry *entries;
        size_t count;
        msec now;
};
rc duty_feed_read(struct cx *cx, str key, struct duty_feed *ret) MUST_USE;
/* Inside its contract, without sight of personal items: the calendar. url: "https://shop.example". */
rc duty_feed_write(struct cx *cx, const struct duty_feed *feed, str url, str *ret) MUST_USE;

#endif

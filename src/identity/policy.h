/* policy.h - what a contract asks of passwords, when it locks an account, how long a session lives, what becomes of its log. One row a contract; the same limits stand in the
 * database as constraints. Not addresses, certificates and sign-on, which stand in the same row. */
#ifndef DAICHO_IDENTITY_POLICY_H
#define DAICHO_IDENTITY_POLICY_H

#include "base/json.h"

enum {
        POLICY_DAYS_MIN = 30,
        POLICY_DAYS_MAX = 365,
        POLICY_LENGTH_MIN = 8,       /* of the shortest password */
        POLICY_OPERATOR_CLASSES = 3, /* of four in the passwords of operators */
        POLICY_LENGTH_MAX = 30,
        POLICY_LOCK_MIN = 3,
        POLICY_LOCK_MAX = 9,
        POLICY_ALERT_MIN = 3,
        POLICY_ALERT_MAX = 100,
        POLICY_IDLE_MIN = 5,
        POLICY_IDLE_MAX = 180,
        POLICY_HOURS_MAX = 720,
        POLICY_REVIEW_MIN = 30,
        POLICY_REVIEW_MAX = 400,
        POLICY_OPERATOR_REVIEW = 183, /* days between reviews of operators' accounts, at most */
        POLICY_REVIEW_DAYS_MAX = 90,
        POLICY_DETAIL_DAYS_MIN = 365,
        POLICY_DETAIL_DAYS_MAX = 3650,
        POLICY_DEVICE_MONTHS_MAX = 36,
};

struct policy {
        bool first_reset;   /* a password set by somebody else is changed at the first log-in */
        int64_t valid_days; /* of a password; 0: unlimited */
        bool need_lower, need_upper, need_digit, need_symbol;
        int64_t classes_min; /* so many of the four, whichever */
        int64_t length_min;
        bool access_approval;      /* rights change only by a request that a second person approves; once on it stays on */
        bool length_long;          /* up to 72 bytes instead of 30 characters */
        int64_t lock_after;        /* wrong passwords in a row; 0: no lock */
        int64_t alert_after;       /* wrong log-ins in ten minutes; 0: nobody is told */
        int64_t idle_minutes;      /* a session without requests ends */
        int64_t absolute_hours;    /* … and any session after so long; 0: no limit */
        int64_t review_days;       /* so often all rights are reviewed */
        int64_t log_review_months; /* the operation log is reviewed every 1, 3, 6 or 12 months; 0: not */
        int64_t log_review_days;   /* … and overdue so long after the period */
        bool device_required;      /* no way in without an approved device */
        int64_t device_months;     /* an approval of a device is good for so long */
        bool device_lock_strict, device_malware_strict, device_firewall_strict; /* refused, not only a deviation */
        int64_t log_detail_days; /* what entries of the log say exactly is kept so long; 0: as long as the entries */
        int64_t version;
        msec updated_at;
        str title;      /* of the contract: a password must not be made of it */
        bool operators; /* it is the operators' contract: three classes at least, reviews twice a year */
};

/* Inside the tenant. */
rc policy_read(struct cx *cx, struct policy *ret) MUST_USE;
/* {first_reset, valid_days (null: unlimited), need_lower, need_upper, need_digit, need_symbol, classes_min, length_min, length_long, lock_after (null:
 * off), alert_after (null: off), idle_minutes, absolute_hours (null: no limit), review_days, access_approval,
 * device_required, device_months, device_lock_strict, device_malware_strict, device_firewall_strict, log_review_months (null: off), log_review_days, log_detail_days (null: as long as the entries), version, updated_at}. */
rc policy_get(struct cx *cx, json_t **ret) MUST_USE;
/* in: members that change; null or 0 for unlimited, off, no limit. RC_INVALID names each that is out of range, RC_STALE when somebody was quicker. */
rc policy_update(struct cx *cx, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* For a form where a password is chosen, what will be asked of it: {min, max, lower, upper, digit, symbol, classes, sentence}. */
rc policy_rules(struct cx *cx, json_t **ret) MUST_USE;

#endif

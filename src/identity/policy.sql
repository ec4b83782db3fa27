-- The policy of the contract entered: passwords, lock, sessions. Addresses, certificates and sign-on stand in the same row and belong to others.

-- policy_get() -> one policy_row(first_reset bool, valid_days int?, need_lower bool, need_upper bool, need_digit bool, need_symbol bool, classes_min int,
--     length_min int, length_long bool, lock_after int?, alert_after int?, idle_minutes int, absolute_hours int?, review_days int, version int, updated_at time, title text, operators bool,
--     access_approval bool, log_review_months int?, log_review_days int, log_detail_days int?,
--     device_required bool, device_months int, device_lock_strict bool, device_malware_strict bool, device_firewall_strict bool)
select p.first_reset, p.valid_days, p.need_lower, p.need_upper, p.need_digit, p.need_symbol, p.classes_min, p.length_min, p.length_long, p.lock_after,
    p.alert_after, p.idle_minutes, p.absolute_hours, p.review_days, p.version, p.updated_at, t.title, t.kind = 'operator' as operators,
    p.access_approval, p.log_review_months, p.log_review_days, p.log_detail_days,
    p.device_required, p.device_months, p.device_lock_strict, p.device_malware_strict, p.device_firewall_strict
from daicho.policy p join daicho.tenant t on t.name = p.tenant;

-- policy_set(version int, first_reset bool, valid_days int, need_lower bool, need_upper bool, need_digit bool, need_symbol bool, classes_min int,
--     length_min int, length_long bool, lock_after int, alert_after int, idle_minutes int, absolute_hours int, review_days int,
--     access_approval bool, log_review_months int, log_review_days int, log_detail_days int, device_required bool, device_months int, device_lock_strict bool,
--     device_malware_strict bool, device_firewall_strict bool) -> maybe int
update daicho.policy set first_reset = $2, valid_days = nullif($3, 0), need_lower = $4, need_upper = $5, need_digit = $6, need_symbol = $7,
    classes_min = $8, length_min = $9, length_long = $10, lock_after = nullif($11, 0), alert_after = nullif($12, 0), idle_minutes = $13,
    absolute_hours = nullif($14, 0), review_days = $15, access_approval = $16, log_review_months = nullif($17, 0),
    log_review_days = $18, log_detail_days = nullif($19, 0), device_required = $20, device_months = $21, device_lock_strict = $22,
    device_malware_strict = $23, device_firewall_strict = $24, version = version + 1, updated_at = daicho.clock()
where version = $1
returning version;

-- A new limit counts from zero; who is locked stays so.
-- policy_failures_forget() -> none
update daicho.account set failures = 0 where failures > 0 and locked_at is null;

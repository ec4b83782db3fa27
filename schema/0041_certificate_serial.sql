-- Why: one serial number of another shape among the revoked certificates stopped the whole list the web server reads (RFC 5280, 5): a row nobody could have
-- issued kept the revocation of all others from taking effect there. Serial numbers are 16 random bytes, as src/base/x509.c makes them.
alter table daicho.certificate drop constraint certificate_serial_check;
alter table daicho.certificate add constraint certificate_serial_check check (serial ~ '^[0-9A-F]{32}$');

// https://www.postgresql.org/docs/17/errcodes-appendix.html
export const insufficientPrivilege = '42501';

/** Purposes of RFC 5280, section 4.2.1.12, in the form of `CertificateExtensions`. */
export const SERVER_AUTH = "2b06010505070301"; // 1.3.6.1.5.5.7.3.1
export const CLIENT_AUTH = "2b06010505070302"; // 1.3.6.1.5.5.7.3.2
export const ANY_PURPOSE = "551d2500"; // 2.5.29.37.0

/** Maximum bytes of DER of one certificate: the limit of Cloudflare's field, and ten times the size that SPIRE issues. */
export const MAX_CERTIFICATE_BYTES = 10_240;

/** Maximum bytes of DER of all intermediates in total. */
export const MAX_CHAIN_BYTES = 16_384;

/** Maximum number of intermediates (X20). SPIRE sends up to three. */
export const MAX_INTERMEDIATES = 8;

/** The most that is read of one certificate, as DER: the limit of Cloudflare's field, and ten times what SPIRE issues. */
export const MAX_CERTIFICATE_BYTES = 10_240;

/** The most that is read of all intermediates together, as DER. */
export const MAX_CHAIN_BYTES = 16_384;

/** How many intermediates may come along (X20). SPIRE sends up to three. */
export const MAX_INTERMEDIATES = 8;

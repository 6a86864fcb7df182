export { verifyToken as verifyJwtSvid } from "./verify-token.fixture.ts";

DROP INDEX `policies_by_key`;--> statement-breakpoint
CREATE INDEX `policies_by_key_and_name` ON `policies` (`key_id`,`name`);--> statement-breakpoint
DROP INDEX `secrets_by_key`;--> statement-breakpoint
CREATE INDEX `secrets_by_key_and_path` ON `secrets` (`key_id`,`path`);--> statement-breakpoint
CREATE INDEX `audit_by_key` ON `audit` (`key_id`);
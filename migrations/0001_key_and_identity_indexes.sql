CREATE INDEX `policies_by_id_tag` ON `policies` (`id_tag`);--> statement-breakpoint
CREATE INDEX `policies_by_key` ON `policies` (`key_id`);--> statement-breakpoint
CREATE INDEX `secrets_by_key` ON `secrets` (`key_id`);
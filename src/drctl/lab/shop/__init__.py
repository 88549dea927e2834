"""The example service: api takes orders and stores them, worker bills them, mailer is only there."""

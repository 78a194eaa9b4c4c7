// A mail server with TLS and passwords (smtp-server), read by mailparser.
import { SMTPServer } from 'smtp-server';
import { simpleParser } from 'mailparser';
import { setTimeout as sleep } from 'node:timers/promises';

export async function mailbox() {
	const mails = [];
	const server = new SMTPServer({
		onAuth: ({ username, password }, session, done) =>
			username === 'sojorn' && password === 'in-no-log-secret'
				? done(null, { user: username })
				: done(new Error('no such user')),
		onData: (stream, session, done) =>
			simpleParser(stream).then((mail) => {
				mails.push({ mail, envelope: session.envelope, secure: session.secure, user: session.user });
				done();
			}, done),
	});
	server.on('error', () => {});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		// What a server needs to send its mails here.
		settings: {
			MAIL_DIR: '',
			SMTP_HOST: '127.0.0.1',
			SMTP_PORT: String(server.server.address().port),
			SMTP_USER: 'sojorn',
			SMTP_PASS: 'in-no-log-secret',
			SMTP_FROM: 'S\u00f6jorn <hello@sojorn.test>',
		},
		close: () => new Promise((resolve) => server.close(resolve)),
		// The next mail to this address, once.
		async take(address) {
			for (let tries = 0; tries < 200; tries++) {
				const at = mails.findIndex(({ mail }) => mail.to.value[0].address === address);
				if (at >= 0) return mails.splice(at, 1)[0];
				await sleep(50);
			}
			throw new Error(`no mail to ${address}`);
		},
	};
}

// A peer to measure sojorn against: the same replies from the same statements, as one would write them
// with Fastify and pg. Settings: DATABASE_URL, PORT, JWT_SECRET, STATEMENTS (a file of
// bench/statements.mjs), POOL (connections), WORKERS (processes).
import cluster from 'node:cluster';
import Fastify from 'fastify';
import jwt from '@fastify/jwt';
import { authenticate } from './auth.js';
import { openDatabase } from './database.js';
import { routes } from './routes.js';

async function serve() {
	const app = Fastify();
	app.decorate('database', openDatabase());
	await app.register(jwt, { secret: process.env.JWT_SECRET, verify: { algorithms: ['HS256'] } });
	app.setErrorHandler((error, request, reply) => {
		const status = error.statusCode ?? 500;
		if (status >= 500)
			console.error(error);
		reply.code(status).send({ error: error.message, code: error.code ?? 'internal' });
	});
	app.get('/health/live', () => 'live');
	app.register(async (api) => {
		api.addHook('onRequest', authenticate);
		routes(api);
	}, { prefix: '/api/v1' });
	await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
}

const workers = Number(process.env.WORKERS ?? 1);
if (workers > 1 && cluster.isPrimary) {
	for (let i = 0; i < workers; i++)
		cluster.fork();
	process.on('SIGTERM', () => process.exit());
} else {
	await serve();
}

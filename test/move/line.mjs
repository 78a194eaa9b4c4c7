// The line between the project and us, which can be cut, or slow: the project's PostgreSQL has a network namespace of its
// own, and a cable leads there. Needs root and `ip`.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const SLOW_KBIT = 400;

function run(...args) {
	const { status, stderr, error } = spawnSync(args[0], args.slice(1), { encoding: 'utf8' });
	if (status !== 0) throw new Error(`${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

// What makes a line slow here: late, lossy and narrow, or narrow only where the kernel does not have more.
const WAYS = [
	['netem', 'delay', '60ms', '20ms', 'loss', '1%', 'rate', `${SLOW_KBIT}kbit`],
	['tbf', 'rate', `${SLOW_KBIT}kbit`, 'burst', '16kb', 'latency', '300ms'],
];

// { address of the far end, around: words before its commands, cut(ms), slow(ms), how, remove() }
export function line() {
	const name = `sojorn-move-${process.pid}`;
	const [near, far] = [`sm${process.pid}a`, `sm${process.pid}b`];
	const net = `10.231.${process.pid % 256}`;
	const there = ['ip', 'netns', 'exec', name];
	const it = { address: `${net}.2`, around: there, how: null };

	const shape = (way) => {
		run('tc', 'qdisc', 'replace', 'dev', near, 'root', ...way);
		run(...there, 'tc', 'qdisc', 'replace', 'dev', far, 'root', ...way);
	};
	const straighten = () => {
		run('tc', 'qdisc', 'del', 'dev', near, 'root');
		run(...there, 'tc', 'qdisc', 'del', 'dev', far, 'root');
	};
	const works = (way) => {
		try {
			shape(way);
			straighten();
			return true;
		} catch {
			return false;
		}
	};

	it.remove = () => spawnSync('ip', ['netns', 'del', name]); // and the cable with it
	it.cut = async (ms) => {
		run(...there, 'ip', 'link', 'set', far, 'down'); // nobody is told: what is sent is lost
		await sleep(ms);
		run(...there, 'ip', 'link', 'set', far, 'up');
	};
	it.slow = async (ms) => {
		shape(WAYS.find(([kind]) => kind === it.how));
		await sleep(ms);
		straighten();
	};

	run('ip', 'netns', 'add', name);
	try {
		run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
		run('ip', 'address', 'add', `${net}.1/30`, 'dev', near);
		run('ip', 'link', 'set', near, 'up');
		run(...there, 'ip', 'address', 'add', `${net}.2/30`, 'dev', far);
		run(...there, 'ip', 'link', 'set', far, 'up');
		run(...there, 'ip', 'link', 'set', 'lo', 'up');
		it.how = WAYS.find(works)?.[0];
		return it;
	} catch (error) {
		it.remove();
		throw error;
	}
}

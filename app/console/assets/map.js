// Where there are beacons, by cells of half a degree, and people, by country. The land is a raster of two degrees made of Natural
// Earth's 1:110m land (public domain), and so are the middles of countries.
import { h, s, get, card, table, count } from './dom.js';

const STEP = 2;
const TOP = 84;
const BOTTOM = -56;
const LAND = 'AAAAAAAAf8Af/gAAAAAAAAAAAAAAAAAAAAAAAf/////+AAAAAAAABgAAAAAAAAAAAAIf+f///wAA8AAAAAB8AAAAAAAAAABwAn4f///wAAYAAAAAAHAAAAAAAAAAAHivwAf//wAAAAADgAf/4AHAAAAAAAD4238AP//gAAAAAMAD///8DAAAgH4AD/73/wP//gAAA8AMH///////wA////////////////wAf2mQAAAAAAAQP///////////////gANAAgAAAAAAAAj///////////////BhwAAAAAAAAAAAAP/////4A8B4AAAH5/////////////Af/////gHgA4AAAH5///////////PwAHgP///gH0AAAAAH4/////////+CIAADQB///4D+AAAAGCx/////////8A8AAIAA////v/gAAAOCD/////////wA4AAAAAf///n/wAAAbP///////////AwAAAAAP/////wAAAD///////////9AAAAAAAH////8YAAAB///////////9AAAAAAAD////8EAAAB///////////5AAAAAAAD////+AAAAB/f5ff//////wAAAAAAAD////gAAAAPxvwPP//////jAAAAAAAD////AAAAAPib3/n/////+CAAAAAAAD///+AAAAAfALf/n////+MCAAAAAAAB///8AAAAAOGRP/3/////mMAAAAAAAA///8AAAAAH+AA///////E8AAAAAAAAf//wAAAAAP/AB///////hgAAAAAAAAP//gAAAAAf/7////////gAAAAAAAAAD/AwAAAAAf////f/////gAAAAAAAAAF+AQAAAAB///+/n/////AAAAAAAAAAC+AAAAAAD/////0H////AAAAAAAAAAAeAQAAAAD////f/D///8gAAAAAAAAAAeEEAAAAH////v/B/z/AAAAAAAAAAAAPMBwAAAD////v+A/B+gAAAAAAAAAAAD8AAAAAD////34AeB/AgAAAAAAAAAAAPAAAAAH////3wAcAfggAAAAAAAAAAADAAAAAD////+AAcAfgQAAAAAAAAAAABDwAAAD////9wAMATAYAAAAAAAAAAAA7/AAAB/////gAKASAIAAAAAAAAAAAAH/gAAA/////gACAIAIAAAAAAAAAAAAH/8AAAbH///AAAAsGAAAAAAAAAAAAAH/+AAAAB//+AAAAUOAAAAAAAAAAAAAP/+AAAAB//8AAAAc+gAAAAAAAAAAAAP//gAAAD//4AAAAMeggAAAAAAAAAAAP//8AAAB//wAAAAGdg+AAAAAAAAAAAf///AAAA//wAAAACAQPkAAAAAAAAAAP///gAAA//wAAAABwAHwAAAAAAAAAAH///AAAA//wAAAAAAADQIAAAAAAAAAH///AAAAf/wAAAAAAAAAAAAAAAAAAAD//+AAAA//wgAAAAABxAAAAAAAAAAAD//+AAAA//wgAAAAAPxgAAAAAAAAAAA//+AAAA//zgAAAAAf/gAAAAAAAAAAAf/8AAAA//DgAAAAAf/gAAAAAAAAAAAf/8AAAAf/DAAAAAD//4CAAAAAAAAAAf/4AAAAf/DAAAAAH//4AAAAAAAAAAAf/AAAAAf+CAAAAAH//8AAAAAAAAAAAf/AAAAAP8AAAAAAH//+AAAAAAAAAAA/+AAAAAP8AAAAAAH//+AAAAAAAAAAA/+AAAAAH4AAAAAAD//+AAAAAAAAAAA/8AAAAAHwAAAAAADwf8AAAAAAAAAAA/gAAAAAAAAAAAAACAH4AIAAAAAAAAB/wAAAAAAAAAAAAAAAD4AEAAAAAAAAB+AAAAAAAAAAAAAAAAAAAGAAAAAAAAB+AAAAAAAAAAAAAAAAAwAMAAAAAAAAB8AAAAAAAAAAAAAAAAAQAYAAAAAAAAB4AAAAAAAAAAAAAAAAAAAwAAAAAAAAB4AAAAAAAAAAAAAAAAAAAAAAAAAAAADwAAAAAAAAAACAAAAAAAAAAAAAAAAADwAAAAAAAAAAAAAAAAAAAAAAAAAAAABwAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4AAAAAAAAAAAAAAAAAAAA';
const COUNTRIES = new Map('AD 43 2;AE 24 54;AF 34 66;AG 17 -62;AI 18 -63;AL 41 20;AM 40 45;AO -12 18;AQ -79 -48;AR -35 -65;AS -14 -171;AT 48 14;AU -26 134;AW 13 -70;AZ 40 48;BA 44 18;BB 13 -60;BD 24 90;BE 51 5;BF 12 -2;BG 43 25;BH 26 51;BI -3 30;BJ 10 2;BL 18 -63;BM 32 -65;BN 4 115;BO -17 -65;BR -11 -53;BS 25 -78;BT 27 90;BW -22 24;BY 54 28;BZ 17 -89;CA 58 -102;CD -3 24;CF 7 20;CG -1 15;CH 47 8;CI 8 -6;CK -21 -160;CL -36 -71;CM 6 13;CN 37 104;CO 4 -73;CR 10 -84;CU 22 -79;CV 15 -24;CW 12 -69;CY 35 33;CZ 50 15;DE 51 10;DJ 12 43;DK 56 9;DM 15 -61;DO 19 -71;DZ 28 3;EC -1 -78;EE 59 26;EG 26 30;EH 24 -12;ER 15 39;ES 40 -4;ET 9 40;FI 65 26;FJ -18 178;FK -52 -59;FM 7 158;FO 62 -7;FR 47 2;GA -1 12;GB 54 -3;GD 12 -62;GE 42 44;GG 49 -3;GH 8 -1;GL 75 -41;GM 13 -15;GN 10 -11;GQ 2 10;GR 39 23;GT 16 -90;GU 13 145;GW 12 -15;GY 5 -59;HK 22 114;HN 15 -87;HR 45 16;HT 19 -73;HU 47 19;ID 0 114;IE 53 -8;IL 31 35;IM 54 -5;IN 23 80;IQ 33 44;IR 33 54;IS 65 -19;IT 44 12;JE 49 -2;JM 18 -77;JO 31 37;JP 37 138;KE 1 38;KG 41 75;KH 13 105;KI 2 -157;KM -12 43;KN 17 -63;KP 40 127;KR 36 128;KW 29 48;KY 19 -81;KZ 48 67;LA 19 104;LB 34 36;LC 14 -61;LI 47 10;LK 8 81;LR 6 -9;LS -30 28;LT 55 24;LU 50 6;LV 57 25;LY 27 18;MA 30 -8;MC 44 7;MD 47 28;ME 43 19;MF 18 -63;MG -19 47;MH 7 171;MK 42 22;ML 17 -4;MM 21 96;MN 47 103;MO 22 114;MR 20 -10;MS 17 -62;MT 36 14;MU -20 58;MV 4 74;MW -13 34;MX 24 -103;MY 4 115;MZ -17 36;NA -22 17;NC -21 165;NE 17 9;NF -29 168;NG 10 8;NI 13 -85;NL 52 6;NO 64 14;NP 28 84;NR -1 167;NU -19 -170;NZ -44 171;OM 21 56;PA 9 -80;PE -9 -74;PF -18 -149;PG -7 144;PH 16 121;PK 30 69;PL 52 19;PM 47 -56;PN -24 -128;PR 18 -66;PS 32 35;PT 40 -8;PW 8 135;PY -23 -58;QA 25 51;RO 46 25;RS 44 21;RU 62 96;RW -2 30;SA 24 45;SB -10 160;SC -5 55;SD 16 30;SE 63 17;SG 1 104;SH -16 -6;SI 46 15;SK 49 19;SL 9 -12;SM 44 12;SN 14 -14;SO 5 46;SR 4 -56;SS 7 30;ST 0 7;SV 14 -89;SX 18 -63;SY 35 39;SZ -27 31;TC 22 -72;TD 15 19;TG 9 1;TH 15 101;TJ 39 71;TL -9 126;TM 39 59;TN 34 10;TO -21 -175;TR 39 35;TT 10 -61;TW 24 121;TZ -6 35;UA 49 31;UG 1 32;US 40 -99;UY -33 -56;UZ 42 63;VA 42 12;VC 13 -61;VE 7 -66;VG 18 -65;VI 18 -65;VN 17 106;VU -15 167;WS -14 -172;XK 43 21;YE 16 48;ZA -29 25;ZM -13 28;ZW -19 30'
	.split(';').map((entry) => entry.split(' ')).map(([code, lat, lon]) => [code, { lat: Number(lat), lon: Number(lon) }]));

// One path of small squares.
function land() {
	const bytes = Uint8Array.from(atob(LAND), (letter) => letter.charCodeAt(0));
	const across = 360 / STEP;
	let path = '';
	for (let at = 0; at < bytes.length * 8; at++)
		if (bytes[at >> 3] & (0x80 >> (at & 7)))
			path += `M${-180 + (at % across) * STEP + 0.25} ${-(TOP - Math.floor(at / across) * STEP) + 0.25}h1.5v1.5h-1.5z`;
	return s('path', { class: 'land', d: path });
}

const radius = (n, scale) => scale * Math.min(0.9 + Math.sqrt(n) * 0.35, 6);

// The part of the world where the points are, wide enough to be recognised.
function around(points) {
	const lats = points.map(({ lat }) => lat);
	const lons = points.map(({ lon }) => lon);
	const middle = (list) => (Math.min(...list) + Math.max(...list)) / 2;
	const wide = Math.min(360, Math.max(24, (Math.max(...lons) - Math.min(...lons)) * 1.3, (Math.max(...lats) - Math.min(...lats)) * 1.3 * 360 / 140));
	const tall = wide * 140 / 360;
	const x = Math.min(Math.max(middle(lons) - wide / 2, -180), 180 - wide);
	const y = Math.min(Math.max(-middle(lats) - tall / 2, -TOP), -BOTTOM - tall);
	return [x, y, wide, tall];
}

const countryNames = new Intl.DisplayNames(['en'], { type: 'region' });
function nameOf(code) {
	if (!code) return 'not named';
	try { return countryNames.of(code); } catch { return code; }
}
const placeOf = ({ lat, lon }) => `${Math.abs(lat)}° ${lat < 0 ? 'S' : 'N'}, ${Math.abs(lon)}° ${lon < 0 ? 'W' : 'E'}`;

export async function map(node) {
	const picture = s('svg', { class: 'map', role: 'img' });
	const lists = h('div', { class: 'grid two' });
	const ground = land();
	let close = false;
	const buttons = [[false, 'World'], [true, 'Close up']].map(([value, name]) => h('button', { type: 'button', 'aria-pressed': value === close, onclick() {
		close = value;
		buttons.forEach((button) => button.setAttribute('aria-pressed', button === this));
		refresh();
	} }, name));
	node.append(h('div', { class: 'head' }, h('h1', null, 'Map'), h('span', { class: 'soft' }, 'cells of some 50 km: nobody’s street'), h('div', { class: 'set', role: 'group', 'aria-label': 'How much of the world' }, buttons)),
		h('div', { class: 'stack' }, h('div', { class: 'card even' }, picture), lists));
	async function refresh() {
		const { beacons, people } = await get('/console/api/map');
		const known = people.map((row) => ({ ...row, ...COUNTRIES.get(row.country) })).filter(({ lat }) => lat !== undefined);
		const all = beacons.reduce((sum, { n }) => sum + n, 0);
		const box = close && beacons.length ? around(beacons) : [-180, -TOP, 360, TOP - BOTTOM];
		const scale = box[2] / 360;
		picture.setAttribute('viewBox', box.join(' '));
		picture.setAttribute('aria-label', `${all} beacons in ${beacons.length} cells; people in ${known.length} known countries`);
		picture.replaceChildren(ground,
			...known.map(({ lat, lon, n, country }) => s('circle', { class: 'people', cx: lon, cy: -lat, r: radius(n, scale) * 1.4 }, s('title', null, `${nameOf(country)}: ${count(n)} people`))),
			...beacons.map((cell) => s('circle', { class: `beacon ${cell.severe ? 'severe' : ''}`, cx: cell.lon, cy: -cell.lat, r: radius(cell.n, scale) }, s('title', null, `${placeOf(cell)}: ${cell.n} beacons`))));
		lists.replaceChildren(
			card('Beacons on the map', h('span', { class: 'soft' }, `${count(all)} in ${count(beacons.length)} cells`), beacons.length ? table([
				['Cell', placeOf], ['Beacons', ({ n }) => count(n), 'n'], ['High or critical', ({ severe }) => count(severe), 'n'],
			], [...beacons].sort((a, b) => b.n - a.n).slice(0, 15)) : h('p', { class: 'empty' }, 'There is none now.')),
			card('People by country', h('span', { class: 'soft' }, 'estimated; as far as it was named'), people.length ? table([
				['Country', ({ country }) => nameOf(country)], ['People', ({ n }) => count(n), 'n'],
			], people.slice(0, 15)) : h('p', { class: 'empty' }, 'Nobody yet.')));
	}
	await refresh();
	return { refresh };
}

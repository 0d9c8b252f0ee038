// The resources of the ETSI CoAP plugtests on node-coap:
//
//     node server.js ADDRESS PORT
//
// UDP on PORT, which is all that node-coap has. What the messages look like is the
// library's; here are only resources. What nothing else answers is a place where
// PUT creates.
'use strict'

const crypto = require('crypto')
const coap = require('coap')
const { Conflict, merged, operated } = require('./patch')

const TEXT = 'text/plain'
const LINKS = 'application/link-format'
const XML = 'application/xml'
const JSON_TYPE = 'application/json'
const MERGE_PATCH = 'application/merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'

// values REQUEST NAME: of the options with that name, as the library gives them.
function values (request, name) {
  return request.options.filter((option) => option.name === name).map((option) => option.value)
}

// texts REQUEST NAME: the same as text, one a segment or an argument.
function texts (request, name) {
  return values(request, name).map((value) => value.toString())
}

// Of readable bytes, since the library may make text of it.
function etag (payload) {
  return Buffer.from(crypto.createHash('sha256').update(payload).digest('hex').substring(0, 8))
}

function answer (response, code, payload) {
  response.code = code
  response.end(payload)
}

// content answers 2.05, or 2.03 where the request has its ETag, or 4.06.
function content (request, response, payload, format = TEXT) {
  if (values(request, 'Accept').some((wanted) => wanted !== format)) {
    answer(response, '4.06')
    return
  }
  const tag = etag(payload)
  response.setOption('ETag', tag)
  if (texts(request, 'ETag').includes(tag.toString())) {
    answer(response, '2.03')
    return
  }
  response.setOption('Content-Format', format)
  answer(response, '2.05', payload)
}

// What can be read, replaced, added to by POST and, where it was created, deleted.
// POST to /test makes a resource at a place that it names. Both kinds of paths are
// texts of JSON, so that a slash within a segment divides nothing.
const lines = Array.from({ length: 80 }, (_, line) => `line ${String(line).padStart(3, '0')} of a large one\n`)
const fixed = new Map([
  ['test', 'a test resource'], ['validate', 'version one'], ['large-update', lines.join('')]
].map(([name, payload]) => [JSON.stringify([name]), { payload: Buffer.from(payload), format: TEXT }]))
const stored = new Map(fixed)
let posted = 0

function put (place, request) {
  const [format = TEXT] = values(request, 'Content-Format')
  stored.set(place, { payload: request.payload, format })
}

// conditions tells whether those of the request hold.
function conditions (request, current) {
  const wanted = texts(request, 'If-Match')
  if (!current) {
    return wanted.length === 0
  }
  return values(request, 'If-None-Match').length === 0 &&
    (wanted.length === 0 || wanted.includes('') || wanted.includes(etag(current.payload).toString()))
}

// patched changes an object of JSON, or makes one of a merge patch.
function patched (request, response, place, current) {
  const [format] = values(request, 'Content-Format')
  if (![MERGE_PATCH, JSON_PATCH].includes(format) || (current && current.format !== JSON_TYPE)) {
    answer(response, '4.15')
  } else if (!current && format === JSON_PATCH) {
    answer(response, '4.04')
  } else {
    try {
      const document = current ? JSON.parse(current.payload) : {}
      const patch = JSON.parse(request.payload)
      const after = format === MERGE_PATCH ? merged(document, patch) : operated(document, patch)
      stored.set(place, { payload: Buffer.from(JSON.stringify(after)), format: JSON_TYPE })
      answer(response, current ? '2.04' : '2.01')
    } catch (why) {
      answer(response, why instanceof Conflict ? '4.09' : '4.00', why.message)
    }
  }
}

function store (request, response, path) {
  const place = JSON.stringify(path)
  const current = stored.get(place)
  if (!conditions(request, current)) {
    answer(response, '4.12')
  } else if (request.method === 'PUT') {
    put(place, request)
    answer(response, current ? '2.04' : '2.01')
  } else if (request.method === 'DELETE') {
    if (!fixed.has(place)) {
      stored.delete(place)
    }
    answer(response, '2.02')
  } else if (['PATCH', 'iPATCH'].includes(request.method) && path[0] === 'patch') {
    patched(request, response, place, current)
  } else if (!current) {
    answer(response, '4.04')
  } else if (request.method === 'GET') {
    content(request, response, current.payload, current.format)
  } else if (request.method === 'POST' && path[0] === 'test') {
    posted++
    const made = ['location1', 'location2', String(posted)]
    put(JSON.stringify(made), request)
    response.setOption('Location-Path', made.map((segment) => Buffer.from(segment)))
    answer(response, '2.01')
  } else if (request.method === 'POST') {
    current.payload = Buffer.concat([current.payload, request.payload])
    answer(response, '2.04')
  } else {
    answer(response, '4.05')
  }
}

// get makes a resource that can only be read.
function get (handler) {
  return (request, response) => {
    if (request.method === 'GET') {
      handler(request, response)
    } else {
      answer(response, '4.05')
    }
  }
}

function constant (payload, format) {
  return get((request, response) => content(request, response, Buffer.from(payload), format))
}

// separate takes longer than the library waits with its acknowledgement.
function separate (request, response) {
  setTimeout(() => content(request, response, Buffer.from('what took a while')), 1000)
}

// fetch answers by the line that a FETCH names, and a GET by all of them.
function fetch (request, response) {
  const wanted = texts(request, 'If-Match')
  const [format = TEXT] = values(request, 'Content-Format')
  const line = request.method === 'GET' ? undefined : lines[Number(request.payload.toString())]
  const payload = Buffer.from(line ?? lines.slice(0, 10).join(''))
  const whole = etag(Buffer.from(lines.slice(0, 10).join(''))).toString()
  if (!['GET', 'FETCH'].includes(request.method)) {
    answer(response, '4.05')
  } else if (values(request, 'If-None-Match').length || !(wanted.length === 0 || wanted.includes('') || wanted.includes(whole))) {
    answer(response, '4.12')
  } else if (request.method === 'FETCH' && format !== TEXT) {
    answer(response, '4.15')
  } else if (request.method === 'FETCH' && !line) {
    answer(response, '4.22', 'no such line')
  } else {
    content(request, response, payload)
  }
}

function query (request, response) {
  content(request, response, Buffer.from(texts(request, 'Uri-Query').join('&')))
}

function multiFormat (request, response) {
  if (values(request, 'Accept')[0] === XML) {
    content(request, response, Buffer.from('<text>one of two formats</text>'), XML)
  } else {
    content(request, response, Buffer.from('one of two formats'))
  }
}

function locationQuery (request, response) {
  if (request.method !== 'POST') {
    answer(response, '4.05')
    return
  }
  response.setOption('Location-Query', [Buffer.from('first=1'), Buffer.from('second=2')])
  answer(response, '2.01')
}

// observable changes every five seconds, while somebody observes it.
let ticks = 0
setInterval(() => { ticks++ }, 5000)

function observable (request, response) {
  if (!values(request, 'Observe').some((value) => value === 0 || value?.length === 0)) {
    content(request, response, Buffer.from(`tick ${ticks}`))
    return
  }
  response.setOption('Content-Format', TEXT)
  response.write(`tick ${ticks}`)
  const timer = setInterval(() => response.write(`tick ${ticks}`), 5000)
  response.on('finish', () => clearInterval(timer))
}

const resources = new Map([
  ['separate', get(separate)],
  ['query', get(query)],
  ['fetch', fetch],
  ['path', constant('</path/sub1>,</path/sub2>', LINKS)],
  ['path/sub1', constant('sub1')],
  ['path/sub2', constant('sub2')],
  ['seg1/seg2/seg3', constant('three segments')],
  ['multi-format', get(multiFormat)],
  ['location-query', locationQuery],
  ['large', constant(lines.join(''))],
  ['obs', get(observable)],
  ['.well-known/core', constant('</test>,</validate>,</separate>,</query>,</fetch>,</path>,' +
    '</path/sub1>,</path/sub2>,</seg1/seg2/seg3>,</multi-format>,</location-query>,</large>;sz=1920,</large-update>;sz=1920,</obs>;obs', LINKS)]
].map(([path, handler]) => [JSON.stringify(path.split('/')), handler]))

const [address, port] = process.argv.slice(2)
if (!(port > 0)) {
  console.error('usage: node server.js ADDRESS PORT')
  process.exit(2)
}
const server = coap.createServer({ type: address.includes(':') ? 'udp6' : 'udp4', reuseAddr: false })
server.on('request', (request, response) => {
  const path = texts(request, 'Uri-Path')
  const handler = resources.get(JSON.stringify(path))
  if (handler) {
    handler(request, response)
  } else {
    store(request, response, path)
  }
})
server.listen(Number(port), address)

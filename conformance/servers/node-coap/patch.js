// JSON merge patch (RFC 7396) and JSON patch (RFC 6902), as far as the resources need them.
'use strict'

const assert = require('assert')

// Something in the document is not as the patch takes it to be.
class Conflict extends Error {}

function isObject (value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function merged (target, patch) {
  if (!isObject(patch)) {
    return patch
  }
  const out = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete out[name]
    } else {
      out[name] = merged(out[name], value)
    }
  }
  return out
}

function same (a, b) {
  try {
    assert.deepStrictEqual(a, b)
    return true
  } catch {
    return false
  }
}

// place finds what a pointer names: the thing that holds it, and its name there.
function place (document, pointer) {
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) {
    throw new SyntaxError('a path begins with a slash')
  }
  const names = pointer.substring(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = names.pop()
  const holder = names.reduce((within, name) => Object.hasOwn(Object(within), name) ? within[name] : undefined, document)
  if (holder === null || typeof holder !== 'object') {
    throw new Conflict(`there is no ${pointer}`)
  }
  return [holder, last]
}

function operate (document, { op, path, value }) {
  const [holder, name] = place(document, path)
  if (!['test', 'replace', 'add', 'remove'].includes(op)) {
    throw new SyntaxError(`no such operation: ${op}`)
  }
  if (op !== 'add' && !Object.hasOwn(holder, name)) {
    throw new Conflict(`there is no ${path}`)
  }
  if (op === 'test' && !same(holder[name], value)) {
    throw new Conflict(`${path} has another value`)
  }
  if (op === 'remove') {
    Array.isArray(holder) ? holder.splice(Number(name), 1) : delete holder[name]
  } else if (op === 'add' && Array.isArray(holder)) {
    holder.splice(name === '-' ? holder.length : Number(name), 0, value)
  } else if (op !== 'test') {
    holder[name] = value
  }
}

// operated is the document behind all operations; the one that is given stays as it is.
function operated (document, operations) {
  if (!Array.isArray(operations) || !operations.every(isObject)) {
    throw new SyntaxError('a patch is a list of operations')
  }
  const out = structuredClone(document)
  operations.forEach((operation) => operate(out, operation))
  return out
}

module.exports = { Conflict, merged, operated }

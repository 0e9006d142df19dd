// SPDX-License-Identifier: GPL-2.0-only
//
// The peer that `make bench` measures the tool against: the semantic patch of the project's study of
// Coccinelle (research/peer-coccinelle.md, appendix "netmem.cocci as measured"), as it is there.
// tests/bench/cocci.py runs it as section 1 of that study says.
//
// netmem.cocci - move page_pool users from struct page * to netmem_ref.
//
// One run moves the type one hop (local -> field -> other local -> parameter),
// so run it until a run leaves the files alone; then run it once more with
// -D bridge, which puts netmem_to_page()/page_to_netmem() where the two worlds
// still meet.
virtual bridge

////////////////////////////////////////////////////////////////////////////
// 1. origins

@orig exists@
typedef netmem_ref, gfp_t;
identifier fn, V;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
fn(...) {
 <+...
 V = alloc(...)
 ...+>
}

@@
identifier orig.fn, orig.V;
@@
fn(...) {
<...
(
- struct page *V
+ netmem_ref V
  ;
|
- struct page *V = NULL
+ netmem_ref V = 0
  ;
)
...>
}

@@
identifier orig.fn, orig.V;
expression e;
@@
fn(...) {
<...
- struct page *V = e
+ netmem_ref V = e
  ;
...>
}

// *V = alloc()
@origp exists@
identifier fn, V;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
fn(...) {
 <+...
 *V = alloc(...)
 ...+>
}

@@ identifier origp.fn, origp.V; @@
fn(...,
- struct page **V
+ netmem_ref *V
 ,...) { ... }

@@ identifier origp.fn, origp.V; @@
fn(...) {
<...
(
- struct page **V
+ netmem_ref *V
  ;
|
- struct page **V
+ netmem_ref *V
  = ...;
)
...>
}

@@
identifier V;
expression list es;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
- struct page *V = alloc(es);
+ netmem_ref V = alloc(es);

// fields written straight from an allocation
@ofld exists@
identifier S, f;
struct S *s;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
(
 s->f = alloc(...)
|
 s->f[...] = alloc(...)
|
 s->f[...][...] = alloc(...)
)

@ofld2 exists@
identifier S, f;
struct S s;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
(
 s.f = alloc(...)
|
 s.f[...] = alloc(...)
)

@@ identifier ofld.S, ofld.f; @@
struct S { ...
union { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };
... };

@@ identifier ofld.S, ofld.f; @@
struct S { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier ofld.S, ofld.f; @@
struct S { ...
union { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier ofld.S, ofld.f; expression n1, n2; @@
struct S { ...
- struct page *f[n1][n2];
+ netmem_ref f[n1][n2];
... };

@@ identifier ofld.S, ofld.f; expression n; @@
struct S { ...
(
- struct page *f;
+ netmem_ref f;
|
- struct page *f[n];
+ netmem_ref f[n];
|
- struct page **f;
+ netmem_ref *f;
)
... };

@@ identifier ofld2.S, ofld2.f; @@
struct S { ...
union { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };
... };

@@ identifier ofld2.S, ofld2.f; @@
struct S { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier ofld2.S, ofld2.f; @@
struct S { ...
union { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier ofld2.S, ofld2.f; expression n1, n2; @@
struct S { ...
- struct page *f[n1][n2];
+ netmem_ref f[n1][n2];
... };

@@ identifier ofld2.S, ofld2.f; expression n; @@
struct S { ...
(
- struct page *f;
+ netmem_ref f;
|
- struct page *f[n];
+ netmem_ref f[n];
|
- struct page **f;
+ netmem_ref *f;
)
... };

// functions that return the allocation
@oret exists@
identifier fn;
identifier alloc =~ "^page_pool_(dev_)?alloc(_pages|_frag)?$";
@@
fn(...) {
 ...
 return alloc(...);
}

////////////////////////////////////////////////////////////////////////////
// 2. the type travels

// netmem -> field
@fld exists@
identifier S, f;
struct S *s;
netmem_ref m;
@@
(
 s->f = m
|
 s->f[...] = m
|
 s->f[...][...] = m
)

@fld2 exists@
identifier S, f;
struct S s;
netmem_ref m;
@@
(
 s.f = m
|
 s.f[...] = m
)

@@ identifier fld.S, fld.f; @@
struct S { ...
union { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };
... };

@@ identifier fld.S, fld.f; @@
struct S { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier fld.S, fld.f; @@
struct S { ...
union { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier fld.S, fld.f; expression n1, n2; @@
struct S { ...
- struct page *f[n1][n2];
+ netmem_ref f[n1][n2];
... };

@@ identifier fld.S, fld.f; expression n; @@
struct S { ...
(
- struct page *f;
+ netmem_ref f;
|
- struct page *f[n];
+ netmem_ref f[n];
|
- struct page **f;
+ netmem_ref *f;
)
... };

@@ identifier fld2.S, fld2.f; @@
struct S { ...
union { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };
... };

@@ identifier fld2.S, fld2.f; @@
struct S { ...
struct { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier fld2.S, fld2.f; @@
struct S { ...
union { ...
- struct page *f;
+ netmem_ref f;
... };
... };

@@ identifier fld2.S, fld2.f; expression n1, n2; @@
struct S { ...
- struct page *f[n1][n2];
+ netmem_ref f[n1][n2];
... };

@@ identifier fld2.S, fld2.f; expression n; @@
struct S { ...
(
- struct page *f;
+ netmem_ref f;
|
- struct page *f[n];
+ netmem_ref f[n];
|
- struct page **f;
+ netmem_ref *f;
)
... };

// the same through a named union
@ufld exists@
identifier U, f;
union U u;
netmem_ref m;
@@
 u.f = m

@@ identifier ufld.U, ufld.f; @@
union U { ...
- struct page *f;
+ netmem_ref f;
... };

@ufldp exists@
identifier U, f;
union U *u;
netmem_ref m;
@@
 u->f = m

@@ identifier ufldp.U, ufldp.f; @@
union U { ...
- struct page *f;
+ netmem_ref f;
... };

// netmem -> local
@loc exists@
identifier fn, V;
netmem_ref m;
@@
fn(...) {
 <+...
 V = m
 ...+>
}

@@ identifier loc.fn, loc.V; @@
fn(...) {
<...
(
- struct page *V
+ netmem_ref V
  ;
|
- struct page *V = NULL
+ netmem_ref V = 0
  ;
)
...>
}

@@ identifier V; netmem_ref m; @@
- struct page *V = m;
+ netmem_ref V = m;

// local page_array = field of type netmem_ref *
@@ identifier V; netmem_ref *m; @@
- struct page **V = m;
+ netmem_ref *V = m;

@locp exists@
identifier fn, V;
netmem_ref *m;
@@
fn(...) {
 <+...
 V = m
 ...+>
}

@@ identifier locp.fn, locp.V; @@
fn(...) {
<...
- struct page **V;
+ netmem_ref *V;
...>
}

// local or parameter arrays
@arr exists@
identifier fn, V;
netmem_ref m;
@@
fn(...) {
 <+...
 V[...] = m
 ...+>
}

@@ identifier arr.fn, arr.V; expression n; @@
fn(...) {
<...
(
- struct page *V[n];
+ netmem_ref V[n];
|
- struct page *V[n] = {};
+ netmem_ref V[n] = {};
)
...>
}

@@ identifier arr.fn, arr.V; @@
fn(...,
- struct page *V[]
+ netmem_ref V[]
 ,...) { ... }

// *pp = m
@locq exists@
identifier fn, V;
netmem_ref m;
@@
fn(...) {
 <+...
 *V = m
 ...+>
}

@@ identifier locq.fn, locq.V; @@
fn(...,
- struct page **V
+ netmem_ref *V
 ,...) { ... }

@@ identifier locq.fn, locq.V; @@
fn(...) {
<...
- struct page **V;
+ netmem_ref *V;
...>
}

// netmem -> parameter of a function defined here
@arg exists@
identifier g;
netmem_ref m;
expression list[n] es;
@@
 g(es, m, ...)

@@
identifier arg.g, P;
parameter list[arg.n] ps;
@@
g(ps,
- struct page *P
+ netmem_ref P
 ,...) { ... }

@argp exists@
identifier g;
netmem_ref *m;
expression list[n] es;
@@
 g(es, m, ...)

@@
identifier argp.g, P;
parameter list[argp.n] ps;
@@
g(ps,
- struct page **P
+ netmem_ref *P
 ,...) { ... }

@@
identifier argp.g, P;
parameter list[argp.n] ps;
@@
g(ps,
- struct page *P[]
+ netmem_ref P[]
 ,...) { ... }

@arga exists@
identifier g;
netmem_ref m;
expression list[n] es;
@@
 g(es, &m, ...)

@@
identifier arga.g, P;
parameter list[arga.n] ps;
@@
g(ps,
- struct page **P
+ netmem_ref *P
 ,...) { ... }

// and back: a local whose address goes to a netmem_ref * parameter
@back exists@
identifier g, P;
parameter list[n] ps;
@@
g(ps, netmem_ref *P, ...) { ... }

@backc exists@
identifier back.g, fn, V;
expression list[back.n] es;
@@
fn(...) {
 <+...
 g(es, &V, ...)
 ...+>
}

@@ identifier backc.fn, backc.V; @@
fn(...) {
<...
(
- struct page *V
+ netmem_ref V
  ;
|
- struct page *V = NULL
+ netmem_ref V = 0
  ;
)
...>
}

// functions returning a netmem
@ret exists@
identifier fn;
netmem_ref m;
@@
fn(...) {
 <+...
 return m;
 ...+>
}

@rt@
identifier ret.fn;
@@
- struct page *
+ netmem_ref
 fn(...) { ... }

@@
identifier oret.fn;
@@
- struct page *
+ netmem_ref
 fn(...) { ... }

@rtn@
identifier fn;
@@
 netmem_ref fn(...) {
 <...
- return NULL;
+ return 0;
 ...>
 }

@rtc exists@
identifier rtn.fn, g, V;
@@
g(...) {
 <+...
 V = fn(...)
 ...+>
}

@@ identifier rtc.g, rtc.V; @@
g(...) {
<...
(
- struct page *V
+ netmem_ref V
  ;
|
- struct page *V = NULL
+ netmem_ref V = 0
  ;
)
...>
}

@@ identifier rtn.fn; identifier V; expression list es; @@
- struct page *V = fn(es);
+ netmem_ref V = fn(es);

////////////////////////////////////////////////////////////////////////////
// 3. calls

@@
netmem_ref m;
expression list es;
@@
 m =
(
- page_pool_alloc_pages
+ page_pool_alloc_netmems
  (es)
|
- page_pool_dev_alloc_pages
+ page_pool_dev_alloc_netmems
  (es)
|
- page_pool_alloc
+ page_pool_alloc_netmem
  (es)
|
- page_pool_dev_alloc
+ page_pool_dev_alloc_netmem
  (es)
|
- page_pool_alloc_frag
+ page_pool_alloc_frag_netmem
  (es)
|
- page_pool_dev_alloc_frag(es)
+ page_pool_alloc_frag_netmem(es, GFP_ATOMIC | __GFP_NOWARN)
)

@@
identifier m;
expression list es;
@@
 netmem_ref m =
(
- page_pool_alloc_pages
+ page_pool_alloc_netmems
  (es)
|
- page_pool_dev_alloc_pages
+ page_pool_dev_alloc_netmems
  (es)
|
- page_pool_alloc
+ page_pool_alloc_netmem
  (es)
|
- page_pool_dev_alloc
+ page_pool_dev_alloc_netmem
  (es)
|
- page_pool_alloc_frag
+ page_pool_alloc_frag_netmem
  (es)
|
- page_pool_dev_alloc_frag(es)
+ page_pool_alloc_frag_netmem(es, GFP_ATOMIC | __GFP_NOWARN)
)
 ;

@@
identifier rtn.fn;
expression list es;
@@
fn(...) {
<...
 return
(
- page_pool_alloc_pages
+ page_pool_alloc_netmems
  (es)
|
- page_pool_dev_alloc_pages
+ page_pool_dev_alloc_netmems
  (es)
|
- page_pool_alloc
+ page_pool_alloc_netmem
  (es)
|
- page_pool_dev_alloc
+ page_pool_dev_alloc_netmem
  (es)
|
- page_pool_alloc_frag
+ page_pool_alloc_frag_netmem
  (es)
|
- page_pool_dev_alloc_frag(es)
+ page_pool_alloc_frag_netmem(es, GFP_ATOMIC | __GFP_NOWARN)
)
 ;
...>
}

@@
netmem_ref m;
expression p;
expression list es;
@@
(
- page_pool_put_page(p, m, es)
+ page_pool_put_netmem(p, m, es)
|
- page_pool_put_full_page(p, m, es)
+ page_pool_put_full_netmem(p, m, es)
|
- page_pool_put_unrefed_page(p, m, es)
+ page_pool_put_unrefed_netmem(p, m, es)
|
- page_pool_recycle_direct(p, m)
+ page_pool_recycle_direct_netmem(p, m)
|
- page_pool_dma_sync_for_cpu(p, m, es)
+ page_pool_dma_sync_netmem_for_cpu(p, m, es)
|
- page_pool_get_dma_addr(m)
+ page_pool_get_dma_addr_netmem(m)
|
- page_pool_fragment_page(m, es)
+ page_pool_fragment_netmem(m, es)
|
- page_pool_ref_page(m)
+ page_pool_ref_netmem(m)
|
- page_pool_unref_page(m, es)
+ page_pool_unref_netmem(m, es)
|
- page_address(m)
+ netmem_address(m)
|
- page_is_pfmemalloc(m)
+ netmem_is_pfmemalloc(m)
|
- page_ref_count(m)
+ netmem_ref_count(m)
|
- compound_head(m)
+ netmem_compound_head(m)
|
- pp_page_to_nmdesc(m)
+ netmem_to_nmdesc(m)
|
- get_page(m)
+ get_netmem(m)
|
- put_page(m)
+ put_netmem(m)
)

@@
netmem_ref m;
expression skb, i;
expression list es;
@@
(
- skb_add_rx_frag(skb, i, m, es)
+ skb_add_rx_frag_netmem(skb, i, m, es)
|
- skb_can_coalesce(skb, i, m, es)
+ skb_can_coalesce_netmem(skb, i, m, es)
|
- skb_fill_page_desc(skb, i, m, es)
+ skb_fill_netmem_desc(skb, i, m, es)
|
- __skb_fill_page_desc(skb, i, m, es)
+ __skb_fill_netmem_desc(skb, i, m, es)
|
- skb_frag_fill_page_desc(skb, m, es)
+ skb_frag_fill_netmem_desc(skb, m, es)
)

@@ netmem_ref m; @@
(
  m =
- NULL
+ 0
|
- m == NULL
+ !m
|
- m != NULL
+ m
)

@@ identifier m; @@
 netmem_ref m =
- NULL
+ 0
 ;

////////////////////////////////////////////////////////////////////////////
// 4. -D bridge: where the two types still meet

@depends on bridge@
struct page *p;
netmem_ref m;
@@
  m =
- p
+ page_to_netmem(p)

@depends on bridge@
struct page *p;
netmem_ref m;
@@
  p =
- m
+ netmem_to_page(m)

@depends on bridge@
identifier V;
netmem_ref m;
@@
  struct page *V =
- m
+ netmem_to_page(m)
  ;

// a page handed to a converted function of this driver
@np depends on bridge@
identifier g, P;
parameter list[n] ps;
@@
g(ps, netmem_ref P, ...) { ... }

@depends on bridge@
identifier np.g;
expression list[np.n] es;
struct page *p;
@@
 g(es,
- p
+ page_to_netmem(p)
 ,...)

// a netmem handed to a function that still takes a page
@pp depends on bridge@
identifier g, P;
parameter list[n] ps;
@@
g(ps, struct page *P, ...) { ... }

@depends on bridge@
identifier pp.g;
expression list[pp.n] es;
netmem_ref m;
@@
 g(es,
- m
+ netmem_to_page(m)
 ,...)

// core functions that have no netmem twin
@depends on bridge@
netmem_ref m;
identifier g =~ "^(skb_frag_set_page|dma_map_page|dma_map_page_attrs|xdp_init_buff|page_to_phys|page_to_nid|page_to_pfn|page_to_virt|kmap|kmap_local_page|kunmap|bvec_set_page|sg_set_page|put_devmap_managed_page|page_pool_page_is_pp|dev_page_is_reusable|__free_page|__free_pages|page_count|page_ref_add|page_pool_page_is_pp|page_offset|prefetchw?|__skb_frag_set_page|netdev_.*|dma_map_single|kfree|free_page|page_frag_free|set_page_private|page_private|is_.*page|unlikely_page)$";
expression list[n] es;
@@
 g(es,
- m
+ netmem_to_page(m)
 ,...)

@depends on bridge@
identifier fn;
netmem_ref m;
@@
 struct page *fn(...) {
 <...
 return
- m
+ netmem_to_page(m)
 ;
 ...>
 }

// other origins feeding a converted variable
@depends on bridge@
netmem_ref m;
identifier g =~ "^(virt_to_page|virt_to_head_page|skb_frag_page|dev_alloc_pages?|alloc_pages?|alloc_pages_node|__dev_alloc_pages?|bvec_page|sg_page|pfn_to_page)$";
expression list es;
@@
 m =
- g(es)
+ page_to_netmem(g(es))

@depends on bridge@
identifier m;
identifier g =~ "^(virt_to_page|virt_to_head_page|skb_frag_page|dev_alloc_pages?|alloc_pages?|bvec_page|sg_page|pfn_to_page)$";
expression list es;
@@
 netmem_ref m =
- g(es)
+ page_to_netmem(g(es))
 ;

@depends on bridge@
identifier np.g;
identifier h =~ "^(virt_to_page|virt_to_head_page|skb_frag_page|dev_alloc_pages?|alloc_pages?|bvec_page)$";
expression list[np.n] es;
expression list aa;
@@
 g(es,
- h(aa)
+ page_to_netmem(h(aa))
 ,...)

// void * cookies
@depends on bridge@
void *p;
netmem_ref m;
@@
  p =
- m
+ netmem_to_page(m)

@vp depends on bridge@
identifier g, P;
parameter list[n] ps;
@@
g(ps, void *P, ...) { ... }

@depends on bridge@
identifier vp.g;
expression list[vp.n] es;
netmem_ref m;
@@
 g(es,
- m
+ netmem_to_page(m)
 ,...)

@depends on bridge@
netmem_ref m;
void *p;
@@
  m =
- p
+ page_to_netmem((struct page *)p)

@depends on bridge@
netmem_ref m;
@@
- (void *)m
+ (void *)netmem_to_page(m)

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sort"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	net1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// enforceNetworkPolicies enforces networking.k8s.io/v1 NetworkPolicy on one node with nftables, IPv4 only.
// It renders the whole table from the informers' caches at every change and swaps it in one transaction.
// Traffic that the node itself starts (the kubelet's probes) passes the output hook, so it is never filtered.
func enforceNetworkPolicies(kubeconfig string) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	f := informers.NewSharedInformerFactory(cs, 0)
	pods, nss, pols := f.Core().V1().Pods(), f.Core().V1().Namespaces(), f.Networking().V1().NetworkPolicies()
	dirty := make(chan struct{}, 1)
	mark := func() {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	h := cache.ResourceEventHandlerFuncs{AddFunc: func(any) { mark() }, UpdateFunc: func(any, any) { mark() }, DeleteFunc: func(any) { mark() }}
	for _, i := range []cache.SharedIndexInformer{pods.Informer(), nss.Informer(), pols.Informer()} {
		if _, err := i.AddEventHandler(h); err != nil {
			return err
		}
	}
	stop := make(chan struct{})
	f.Start(stop)
	f.WaitForCacheSync(stop)
	last := ""
	for range dirty {
		time.Sleep(50 * time.Millisecond)
		ps, _ := pods.Lister().List(labels.Everything())
		ns, _ := nss.Lister().List(labels.Everything())
		pl, _ := pols.Lister().List(labels.Everything())
		rules := render(ps, ns, pl)
		if rules == last {
			continue
		}
		cmd := exec.Command("nft", "-f", "-")
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "nft: %v\n%s\n%s\n", err, out, rules)
			time.AfterFunc(time.Second, mark)
			continue
		}
		last = rules
		fmt.Fprintf(os.Stderr, "applied: %d pods, %d policies, %d lines\n", len(ps), len(pl), strings.Count(rules, "\n"))
	}
	return nil
}

func selects(s *metav1.LabelSelector, set map[string]string) bool {
	sel, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && sel.Matches(labels.Set(set))
}

func render(pods []*v1.Pod, nss []*v1.Namespace, pols []*net1.NetworkPolicy) string {
	nsLabels := map[string]map[string]string{}
	for _, n := range nss {
		nsLabels[n.Name] = n.Labels
	}
	var live []*v1.Pod
	for _, p := range pods {
		if p.Status.PodIP != "" && !p.Spec.HostNetwork && p.Status.Phase != v1.PodSucceeded && p.Status.Phase != v1.PodFailed {
			live = append(live, p)
		}
	}
	sort.Slice(live, func(i, j int) bool { return live[i].Status.PodIP < live[j].Status.PodIP })
	sort.Slice(pols, func(i, j int) bool { return pols[i].UID < pols[j].UID })

	// the addresses of a peer, as elements of an nft set
	peer := func(ns string, p net1.NetworkPolicyPeer) (match, except []string, who []*v1.Pod) {
		if b := p.IPBlock; b != nil {
			if _, n, err := net.ParseCIDR(b.CIDR); err == nil && n.IP.To4() != nil {
				return []string{n.String()}, b.Except, nil
			}
			return nil, nil, nil
		}
		for _, q := range live {
			if p.NamespaceSelector == nil && q.Namespace != ns || p.NamespaceSelector != nil && !selects(p.NamespaceSelector, nsLabels[q.Namespace]) {
				continue
			}
			if p.PodSelector == nil || selects(p.PodSelector, q.Labels) {
				match, who = append(match, q.Status.PodIP), append(who, q)
			}
		}
		return match, nil, who
	}
	numbers := func(ports []net1.NetworkPolicyPort, pod *v1.Pod) (out []string, all bool) {
		if len(ports) == 0 {
			return nil, true
		}
		for _, p := range ports {
			proto := "tcp"
			if p.Protocol != nil {
				proto = strings.ToLower(string(*p.Protocol))
			}
			switch {
			case p.Port == nil:
				out = append(out, "meta l4proto "+proto)
			case p.Port.Type == intstr.Int && p.EndPort != nil:
				out = append(out, fmt.Sprintf("%s dport %d-%d", proto, p.Port.IntVal, *p.EndPort))
			case p.Port.Type == intstr.Int:
				out = append(out, fmt.Sprintf("%s dport %d", proto, p.Port.IntVal))
			case pod != nil:
				for _, c := range pod.Spec.Containers {
					for _, cp := range c.Ports {
						if cp.Name == p.Port.StrVal && strings.EqualFold(string(cp.Protocol), proto) {
							out = append(out, fmt.Sprintf("%s dport %d", proto, cp.ContainerPort))
						}
					}
				}
			}
		}
		return out, false
	}

	var chains, jumps bytes.Buffer
	for i, p := range live {
		ip := p.Status.PodIP
		var in, eg []string
		inIso, egIso := false, false
		for _, np := range pols {
			if np.Namespace != p.Namespace || !selects(&np.Spec.PodSelector, p.Labels) {
				continue
			}
			types := map[net1.PolicyType]bool{}
			for _, t := range np.Spec.PolicyTypes {
				types[t] = true
			}
			if types[net1.PolicyTypeIngress] {
				inIso = true
				for _, r := range np.Spec.Ingress {
					ports, all := numbers(r.Ports, p)
					if all {
						ports = []string{""}
					}
					if len(r.From) == 0 {
						for _, m := range ports {
							in = append(in, m+" return")
						}
					}
					for _, f := range r.From {
						match, except, _ := peer(np.Namespace, f)
						in = append(in, allow("saddr", match, except, ports)...)
					}
				}
			}
			if types[net1.PolicyTypeEgress] {
				egIso = true
				for _, r := range np.Spec.Egress {
					if len(r.To) == 0 {
						ports, all := numbers(r.Ports, nil)
						if all {
							ports = []string{""}
						}
						for _, m := range ports {
							eg = append(eg, m+" return")
						}
					}
					for _, t := range r.To {
						match, except, who := peer(np.Namespace, t)
						if who == nil {
							ports, all := numbers(r.Ports, nil)
							if all {
								ports = []string{""}
							}
							eg = append(eg, allow("daddr", match, except, ports)...)
							continue
						}
						for _, q := range who { // a named port is resolved in the destination pod
							ports, all := numbers(r.Ports, q)
							if all {
								ports = []string{""}
							}
							eg = append(eg, allow("daddr", []string{q.Status.PodIP}, nil, ports)...)
						}
					}
				}
			}
		}
		chain := func(name string, rules []string, dir string) {
			fmt.Fprintf(&chains, "  chain %s_%d { # %s/%s\n", name, i, p.Namespace, p.Name)
			for _, r := range rules {
				fmt.Fprintf(&chains, "    %s\n", strings.TrimSpace(r))
			}
			fmt.Fprintf(&chains, "    counter drop\n  }\n")
			fmt.Fprintf(&jumps, "    ip %s %s jump %s_%d\n", dir, ip, name, i)
		}
		if egIso {
			chain("eg", eg, "saddr")
		}
		if inIso {
			chain("in", in, "daddr")
		}
	}
	return "add table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		"  chain pods {\n    ct state established,related return\n" + jumps.String() + "  }\n" +
		"  chain forward { type filter hook forward priority filter - 1; policy accept; jump pods; }\n" +
		"  chain input { type filter hook input priority filter - 1; policy accept; jump pods; }\n}\n"
}

func allow(dir string, match, except, ports []string) (out []string) {
	if len(match) == 0 {
		return nil
	}
	who := fmt.Sprintf("ip %s { %s }", dir, strings.Join(match, ", "))
	if len(except) > 0 {
		who += fmt.Sprintf(" ip %s != { %s }", dir, strings.Join(except, ", "))
	}
	for _, m := range ports {
		out = append(out, who+" "+m+" return")
	}
	return out
}

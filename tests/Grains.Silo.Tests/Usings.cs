global using Request = Grains.StateMachines.Partitions.Request;
